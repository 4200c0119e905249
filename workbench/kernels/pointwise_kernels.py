"""The device side of `pointwise.py`, which says what is computed and why so.

`taken` and `given` channels are cut into tiles of TAKEN and GIVEN, `size` px of a plane into blocks
of PX. `to_given` and `to_taken` are strides in values. Kernels are compiled once for a `size` that
16 divides, whose px are read four at a time, and once for others.
"""

import triton
import triton.language as tl


@triton.jit
def _dot(a, b, PRECISION: tl.constexpr, WIDE: tl.constexpr):
    """Return the product of two matrices in float32.

    PRECISION is what becomes of float32: `ieee` multiplies it as it is, `tf32` on the matrix units.
    WIDE is for the interpreter, which takes the bits of a bfloat16 for an integer here.
    """
    if WIDE:
        a = a.to(tl.float32)
        b = b.to(tl.float32)
    return tl.dot(a, b, input_precision=PRECISION)


@triton.jit
def _part(
    start, outer, px, x, weight, taken, given, size, to_given, to_taken,
    PRECISION: tl.constexpr, WIDE: tl.constexpr, TAKEN: tl.constexpr,
):  # fmt: skip
    """Return what a tile of input channels, from `start` on, gives to the output channels."""
    inner = start + tl.arange(0, TAKEN)
    place = outer[:, None] * to_given + inner[None, :] * to_taken
    used = (outer[:, None] < given) & (inner[None, :] < taken)
    w = tl.load(weight + place, mask=used, other=0.0).to(x.dtype.element_ty)
    there = (px < size) & (inner[:, None] < taken)
    value = tl.load(x + (inner[:, None] * size + px), mask=there, other=0.0)
    return _dot(w, value, PRECISION, WIDE)


@triton.jit
def _product(
    number, x, weight, bias, out, taken, given, size, to_given, to_taken,
    PRECISION: tl.constexpr, WIDE: tl.constexpr,
    TAKEN: tl.constexpr, GIVEN: tl.constexpr, PX: tl.constexpr, ONE: tl.constexpr,
):  # fmt: skip
    """Write a block of px of W x + b, a tile of channels; all input channels may be ONE tile."""
    tiles = tl.cdiv(given, GIVEN)
    outer = (number % tiles) * GIVEN + tl.arange(0, GIVEN)
    block = number // tiles
    blocks = tl.cdiv(size, PX)
    image = (block // blocks).to(tl.int64)
    px = (block % blocks) * PX + tl.arange(0, PX)[None, :]
    x += image * taken * size
    y = _part(
        0, outer, px, x, weight, taken, given, size, to_given, to_taken, PRECISION, WIDE, TAKEN
    )
    if not ONE:
        for start in range(TAKEN, taken, TAKEN):
            y += _part(
                start, outer, px, x, weight, taken, given, size, to_given, to_taken,
                PRECISION, WIDE, TAKEN,
            )  # fmt: skip
    if bias is not None:
        y += tl.load(bias + outer, mask=outer < given, other=0.0).to(tl.float32)[:, None]
    target = out + image * given * size + (outer[:, None] * size + px)
    tl.store(target, y.to(out.dtype.element_ty), mask=(px < size) & (outer[:, None] < given))


@triton.jit
def _weights(
    number, gradient, x, sums, images, taken, given, size, steps,
    PRECISION: tl.constexpr, WIDE: tl.constexpr,
    TAKEN: tl.constexpr, GIVEN: tl.constexpr, PX: tl.constexpr,
):  # fmt: skip
    """Write the sums of `steps` blocks of px for the gradients of a tile of W, and of b."""
    across = tl.cdiv(taken, TAKEN)
    tiles = across * tl.cdiv(given, GIVEN)
    tile = number % tiles
    program = number // tiles
    inner = (tile % across) * TAKEN + tl.arange(0, TAKEN)
    outer = (tile // across) * GIVEN + tl.arange(0, GIVEN)
    product = tl.zeros((GIVEN, TAKEN), tl.float32)
    bias = tl.zeros((GIVEN,), tl.float32)
    blocks = tl.cdiv(size, PX)
    for step in range(steps):
        block = program * steps + step
        image = (block // blocks).to(tl.int64)
        px = (block % blocks) * PX + tl.arange(0, PX)
        there = (px < size) & (block < images * blocks)
        place = gradient + image * given * size + (outer[:, None] * size + px[None, :])
        dy = tl.load(place, mask=there[None, :] & (outer[:, None] < given), other=0.0)
        place = x + image * taken * size + (inner[:, None] * size + px[None, :])
        value = tl.load(place, mask=there[None, :] & (inner[:, None] < taken), other=0.0)
        bias += tl.sum(dy.to(tl.float32), axis=1)
        product += _dot(dy, tl.trans(value), PRECISION, WIDE)
    sums += program.to(tl.int64) * given * (taken + 1)
    place = outer[:, None] * (taken + 1) + inner[None, :]
    used = (outer[:, None] < given) & (inner[None, :] < taken)
    tl.store(sums + place, product, mask=used)
    tl.store(sums + outer * (taken + 1) + taken, bias, mask=(outer < given) & (tile % across == 0))


@triton.jit(do_not_specialize=["taken", "given"])
def forward(
    x, weight, bias, out, taken, given, size,
    PRECISION: tl.constexpr, WIDE: tl.constexpr,
    TAKEN: tl.constexpr, GIVEN: tl.constexpr, PX: tl.constexpr, ONE: tl.constexpr,
):  # fmt: skip
    """Write W x + b."""
    _product(
        tl.program_id(0), x, weight, bias, out, taken, given, size, taken, 1,
        PRECISION, WIDE, TAKEN, GIVEN, PX, ONE,
    )  # fmt: skip


@triton.jit(do_not_specialize=["first", "images", "taken", "given", "steps"])
def backward(
    gradient, x, weight, x_gradient, sums, first, images, taken, given, size, steps,
    PRECISION: tl.constexpr, WIDE: tl.constexpr,
    PRODUCT_TAKEN: tl.constexpr, PRODUCT_GIVEN: tl.constexpr, PRODUCT_PX: tl.constexpr,
    ONE: tl.constexpr,
    TAKEN: tl.constexpr, GIVEN: tl.constexpr, PX: tl.constexpr,
):  # fmt: skip
    """Write x's gradient, the sums, or both: x's in the programs before the `first` of the others.

    None of `x_gradient` or `sums` is not written.
    """
    number = tl.program_id(0)
    if sums is None:
        _product(
            number, gradient, weight, None, x_gradient, given, taken, size, 1, taken,
            PRECISION, WIDE, PRODUCT_TAKEN, PRODUCT_GIVEN, PRODUCT_PX, ONE,
        )  # fmt: skip
    elif x_gradient is None:
        _weights(
            number, gradient, x, sums, images, taken, given, size, steps,
            PRECISION, WIDE, TAKEN, GIVEN, PX,
        )  # fmt: skip
    elif number < first:
        _product(
            number, gradient, weight, None, x_gradient, given, taken, size, 1, taken,
            PRECISION, WIDE, PRODUCT_TAKEN, PRODUCT_GIVEN, PRODUCT_PX, ONE,
        )  # fmt: skip
    else:
        _weights(
            number - first, gradient, x, sums, images, taken, given, size, steps,
            PRECISION, WIDE, TAKEN, GIVEN, PX,
        )  # fmt: skip


@triton.jit(do_not_specialize=["parts", "taken", "given"])
def add_sums(
    sums, weight_gradient, bias_gradient, parts, taken, given,
    PARTS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """Add the programs' sums for one output channel, program after program."""
    channel = tl.program_id(0)
    column = tl.arange(0, WIDTH)[None, :]  # the weights of the channel, then its bias
    total = tl.zeros((PARTS, WIDTH), tl.float32)
    for start in range(0, parts, PARTS):
        part = start + tl.arange(0, PARTS)[:, None]
        place = (part.to(tl.int64) * given + channel) * (taken + 1) + column
        total += tl.load(sums + place, mask=(part < parts) & (column <= taken), other=0.0)
    result = tl.sum(total, axis=0)[None, :]
    place = weight_gradient + channel * taken + column
    tl.store(place, result.to(weight_gradient.dtype.element_ty), mask=column < taken)
    if bias_gradient is not None:
        place = bias_gradient + channel + column * 0
        tl.store(place, result.to(bias_gradient.dtype.element_ty), mask=column == taken)
