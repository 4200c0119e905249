"""The device side of `depthwise.py`, which says what is computed and why so.

A tile is STRIPS strips of `rows` rows and COLUMNS px; a program has one row of each strip in hand,
one px a thread, and goes down. Sizes are in px, `_image` and `_channel` are strides in values.
"""

import triton
import triton.language as tl

from workbench.kernels.activations import activate
from workbench.kernels.depthwise_sums import add_sums

SIZES = ["channels", "height", "width", "out_height", "out_width", "rows", "tiles"]
"""Must not cause another compilation when they happen to be 1 or divisible by 16."""


@triton.jit
def _inside(index, size, REFLECT: tl.constexpr):
    """Return where to read a row or column that may be one px outside, and whether it may."""
    if REFLECT:
        index = tl.where(index < 0, -index, index)
        index = tl.where(index >= size, 2 * (size - 1) - index, index)
    return index, (index >= 0) & (index < size)


@triton.jit
def _input_row(
    x, row, left, middle, right, left_there, middle_there, right_there, height, width,
    REFLECT: tl.constexpr,
):  # fmt: skip
    """Return the px left of, at and right of each column in a row of the padded input."""
    if REFLECT:
        row = tl.where(row < 0, -row, row)
        row = tl.where(row >= height, 2 * (height - 1) - row, row)
    there = (row >= 0) & (row < height)
    start = x + row * width
    a = tl.load(start + left, mask=there & left_there, other=0.0).to(tl.float32)
    b = tl.load(start + middle, mask=there & middle_there, other=0.0).to(tl.float32)
    c = tl.load(start + right, mask=there & right_there, other=0.0).to(tl.float32)
    return a, b, c


@triton.jit
def _weights(weight, row):
    """Return the three weights of a row of the 3x3 filter."""
    start = weight + row * 3
    a = tl.load(start).to(tl.float32)
    b = tl.load(start + 1).to(tl.float32)
    c = tl.load(start + 2).to(tl.float32)
    return a, b, c


@triton.jit
def _place(height, width, rows, STRIPS: tl.constexpr, COLUMNS: tl.constexpr):
    """Return the plane of this program, its tile, the first row of each strip, and its columns."""
    across = tl.cdiv(width, COLUMNS)
    tiles = across * tl.cdiv(height, STRIPS * rows)
    plane = tl.program_id(0) // tiles
    tile = tl.program_id(0) % tiles
    first = ((tile // across) * STRIPS + tl.arange(0, STRIPS)[:, None]) * rows
    column = (tile % across) * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    return plane, first, column


@triton.jit(do_not_specialize=SIZES)
def forward(
    x, weight, bias, scale, skip, out, kept, counters,
    x_image, x_channel, skip_image, skip_channel,
    channels, height, width, out_height, out_width, rows,
    STRIDE: tl.constexpr, REFLECT: tl.constexpr, ACTIVATION: tl.constexpr,
    STRIPS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Write y, and the derivative at z if `kept`, for some rows in each of STRIPS strips.

    It also sets the counters of `backward` to 0.
    """
    plane, first, column = _place(out_height, out_width, rows, STRIPS, COLUMNS)
    image = (plane // channels).to(tl.int64)
    channel = plane % channels
    if counters is not None:
        tl.store(counters + channel, 0)  # each program of the channel writes the same
    x += image * x_image + channel.to(tl.int64) * x_channel
    out += plane.to(tl.int64) * out_height * out_width
    if skip is not None:
        skip += image * skip_image + channel.to(tl.int64) * skip_channel
    if kept is not None:
        kept += plane.to(tl.int64) * out_height * out_width
    w00, w01, w02 = _weights(weight + channel * 9, 0)
    w10, w11, w12 = _weights(weight + channel * 9, 1)
    w20, w21, w22 = _weights(weight + channel * 9, 2)

    source = column * STRIDE
    left, left_there = _inside(source - 1, width, REFLECT)
    mid, mid_there = _inside(source, width, REFLECT)
    right, right_there = _inside(source + 1, width, REFLECT)
    a0, a1, a2 = _input_row(
        x, first * STRIDE - 1, left, mid, right, left_there, mid_there, right_there,
        height, width, REFLECT,
    )  # fmt: skip
    b0, b1, b2 = _input_row(
        x, first * STRIDE, left, mid, right, left_there, mid_there, right_there,
        height, width, REFLECT,
    )  # fmt: skip
    c0, c1, c2 = _input_row(
        x, first * STRIDE + 1, left, mid, right, left_there, mid_there, right_there,
        height, width, REFLECT,
    )  # fmt: skip
    for step in range(rows):
        row = first + step
        # The next row is requested before this one is waited for.
        below = (row + 1) * STRIDE
        if STRIDE == 1:
            n0, n1, n2 = c0, c1, c2
        else:
            n0, n1, n2 = _input_row(
                x, below, left, mid, right, left_there, mid_there, right_there,
                height, width, REFLECT,
            )  # fmt: skip
        d0, d1, d2 = _input_row(
            x, below + 1, left, mid, right, left_there, mid_there, right_there,
            height, width, REFLECT,
        )  # fmt: skip
        z = a0 * w00 + a1 * w01 + a2 * w02
        z += b0 * w10 + b1 * w11 + b2 * w12
        z += c0 * w20 + c1 * w21 + c2 * w22
        if STRIDE == 1:
            a0, a1, a2 = b0, b1, b2
        else:
            a0, a1, a2 = c0, c1, c2
        b0, b1, b2 = n0, n1, n2
        c0, c1, c2 = d0, d1, d2
        if scale is not None:
            z *= tl.load(scale + plane).to(tl.float32)
        if bias is not None:
            z += tl.load(bias + channel).to(tl.float32)
        there = (row < out_height) & (column < out_width)
        px = row * out_width + column
        if skip is not None:
            z += tl.load(skip + px, mask=there, other=0.0).to(tl.float32)
        y, slope = activate(z, ACTIVATION)
        tl.store(out + px, y.to(out.dtype.element_ty), mask=there)
        if kept is not None:
            tl.store(kept + px, slope.to(kept.dtype.element_ty), mask=there)


@triton.jit
def _gradient_row(
    gradient, kept, row, column, height, width, out_width,
    STRIDE: tl.constexpr, REFLECT: tl.constexpr, LEAK: tl.constexpr,
):  # fmt: skip
    """Return the gradients of z that touch px of an input row, by the filter's column 0, 1 and 2.

    `kept` holds the derivative at z, or, with a LEAK (the slope below 0), the output.

    z at stride 2 stands on the even rows and columns of the input's grid; the others hold none.
    The reflected columns are added to those that they lie on.
    """
    there = (row >= 0) & (row < height) & (row % STRIDE == 0)
    start = (row // STRIDE) * out_width
    right, middle, left = column + 1, column, column - 1  # r, m and q below
    r_there = there & (right < width) & (right % STRIDE == 0)
    m_there = there & (middle < width) & (middle % STRIDE == 0)
    q_there = there & (left >= 0) & (left < width) & (left % STRIDE == 0)
    r = tl.load(gradient + start + right // STRIDE, mask=r_there, other=0.0).to(tl.float32)
    m = tl.load(gradient + start + middle // STRIDE, mask=m_there, other=0.0).to(tl.float32)
    q = tl.load(gradient + start + left // STRIDE, mask=q_there, other=0.0).to(tl.float32)
    if kept is not None:
        r_kept = tl.load(kept + start + right // STRIDE, mask=r_there, other=0.0).to(tl.float32)
        m_kept = tl.load(kept + start + middle // STRIDE, mask=m_there, other=0.0).to(tl.float32)
        q_kept = tl.load(kept + start + left // STRIDE, mask=q_there, other=0.0).to(tl.float32)
        if LEAK is None:
            r *= r_kept
            m *= m_kept
            q *= q_kept
        else:
            r = tl.where(r_kept > 0, r, LEAK * r)
            m = tl.where(m_kept > 0, m, LEAK * m)
            q = tl.where(q_kept > 0, q, LEAK * q)
    if REFLECT:
        from_left = tl.where(column == 1, q, 0.0)
        q += tl.where(column == width - 2, r, 0.0)
        r += from_left
    return r, m, q


@triton.jit
def _fold(c0, c1, c2, a0, a1, a2, row, height, REFLECT: tl.constexpr):
    """Add the reflected rows to the rows below (c) and above (a) that they lie on."""
    if REFLECT:
        top = tl.where(row == 1, 1.0, 0.0)
        bottom = tl.where(row == height - 2, 1.0, 0.0)
        d0, d1, d2 = c0 + top * a0, c1 + top * a1, c2 + top * a2
        u0, u1, u2 = a0 + bottom * c0, a1 + bottom * c1, a2 + bottom * c2
    else:
        d0, d1, d2, u0, u1, u2 = c0, c1, c2, a0, a1, a2
    return d0, d1, d2, u0, u1, u2


@triton.jit
def _sum(x):
    """Return the sum over a tile."""
    return tl.sum(tl.sum(x, axis=1), axis=0)


@triton.jit(do_not_specialize=SIZES)
def backward(
    gradient, kept, x, weight, scale, x_gradient, skip_gradient,
    sums, counters, weight_gradient, bias_gradient,
    gradient_image, gradient_channel, x_image, x_channel,
    channels, height, width, out_height, out_width, rows, tiles,
    STRIDE: tl.constexpr, REFLECT: tl.constexpr, LEAK: tl.constexpr,
    STRIPS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Write the gradients of x and skip, and this tile's sums for weights and bias.

    The last program of a channel adds up the sums of all, in their order: which one it is changes
    no bit.
    """
    plane, first, column = _place(height, width, rows, STRIPS, COLUMNS)
    image = (plane // channels).to(tl.int64)
    channel = plane % channels
    gradient += image * gradient_image + channel.to(tl.int64) * gradient_channel
    x += image * x_image + channel.to(tl.int64) * x_channel
    x_gradient += plane.to(tl.int64) * height * width
    if kept is not None:
        kept += plane.to(tl.int64) * out_height * out_width
    if skip_gradient is not None:
        skip_gradient += plane.to(tl.int64) * out_height * out_width
    w00, w01, w02 = _weights(weight + channel * 9, 0)
    w10, w11, w12 = _weights(weight + channel * 9, 1)
    w20, w21, w22 = _weights(weight + channel * 9, 2)
    factor = 1.0
    if scale is not None:
        factor = tl.load(scale + plane).to(tl.float32)

    s00 = tl.zeros((STRIPS, COLUMNS), tl.float32)
    s01, s02, s10, s11, s12, s20, s21, s22, total = s00, s00, s00, s00, s00, s00, s00, s00, s00
    # a, b, c: the rows of z above, at and below a row of x; 0, 1, 2: the filter's column.
    a0, a1, a2 = _gradient_row(
        gradient, kept, first - 1, column, height, width, out_width, STRIDE, REFLECT, LEAK
    )
    b0, b1, b2 = _gradient_row(
        gradient, kept, first, column, height, width, out_width, STRIDE, REFLECT, LEAK
    )
    for step in range(rows):
        row = first + step
        there = (row < height) & (column < width)
        value = tl.load(x + row * width + column, mask=there, other=0.0).to(tl.float32)
        c0, c1, c2 = _gradient_row(
            gradient, kept, row + 1, column, height, width, out_width, STRIDE, REFLECT, LEAK
        )
        d0, d1, d2, u0, u1, u2 = _fold(c0, c1, c2, a0, a1, a2, row, height, REFLECT)
        total += tl.where(there, b1, 0.0)
        s00, s01, s02 = s00 + value * d0, s01 + value * d1, s02 + value * d2
        s10, s11, s12 = s10 + value * b0, s11 + value * b1, s12 + value * b2
        s20, s21, s22 = s20 + value * u0, s21 + value * u1, s22 + value * u2
        result = d0 * w00 + d1 * w01 + d2 * w02
        result += b0 * w10 + b1 * w11 + b2 * w12
        result += u0 * w20 + u1 * w21 + u2 * w22
        result *= factor
        px = row * width + column
        tl.store(x_gradient + px, result.to(x_gradient.dtype.element_ty), mask=there)
        if skip_gradient is not None:
            at_z = there & (row % STRIDE == 0) & (column % STRIDE == 0)
            px = (row // STRIDE) * out_width + column // STRIDE
            tl.store(skip_gradient + px, b1.to(skip_gradient.dtype.element_ty), mask=at_z)
        a0, a1, a2 = b0, b1, b2
        b0, b1, b2 = c0, c1, c2

    own = sums + tl.program_id(0).to(tl.int64) * 10
    tl.store(own, _sum(s00))
    tl.store(own + 1, _sum(s01))
    tl.store(own + 2, _sum(s02))
    tl.store(own + 3, _sum(s10))
    tl.store(own + 4, _sum(s11))
    tl.store(own + 5, _sum(s12))
    tl.store(own + 6, _sum(s20))
    tl.store(own + 7, _sum(s21))
    tl.store(own + 8, _sum(s22))
    tl.store(own + 9, _sum(total))
    images = tl.num_programs(0) // (channels * tiles)
    tl.debug_barrier()  # all threads have stored before one of them says so
    if tl.atomic_add(counters + channel, 1, sem="acq_rel") == images * tiles - 1:
        tl.store(counters + channel, 0)  # for another backward pass of the same forward pass
        add_sums(sums, scale, weight_gradient, bias_gradient, channel, images, channels, tiles)
