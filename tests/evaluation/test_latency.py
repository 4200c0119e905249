"""Networks are timed in turn, ratios are taken round by round, and nothing is left changed."""

import pytest
import torch
from torch import Tensor, nn

from workbench.config.presets import PRESETS
from workbench.errors import InputSizeError
from workbench.evaluation.latency import Latency, measure
from workbench.models.factory import build_model

CPU = torch.device("cpu")


class Clock:
    """A process clock that stands still unless a network moves it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("workbench.evaluation.latency.time.process_time", made)
    return made


class Fake(nn.Module):
    """Notes each run, and takes the next of the given milliseconds for it."""

    def __init__(
        self, name: str, calls: list[str], clock: Clock, ms: tuple[float, ...] = (1.0,)
    ) -> None:
        super().__init__()
        self.name, self.calls, self.clock, self.ms = name, calls, clock, ms
        self.frozen = nn.Dropout()
        self.inputs: list[Tensor] = []
        self.states: list[tuple[bool, bool, int]] = []

    def forward(self, image: Tensor) -> Tensor:
        self.clock.seconds += self.ms[len(self.inputs) % len(self.ms)] / 1e3
        self.calls.append(self.name)
        self.inputs.append(image)
        training = any(module.training for module in self.modules())
        self.states.append((training, torch.is_grad_enabled(), torch.get_num_threads()))
        return image


def test_each_round_runs_every_network_once_and_begins_with_the_next(clock: Clock) -> None:
    calls: list[str] = []
    networks = {name: Fake(name, calls, clock) for name in "abc"}
    told: list[tuple[int, int, str]] = []
    measured = measure(
        networks, 4, 6, rounds=3, device=CPU, progress=lambda *news: told.append(news)
    )
    assert "".join(calls) == "abc" + "bca" + "cab" + "abc"  # the first round is the warm-up
    assert told == [(done, 12, name) for done, name in enumerate(calls, start=1)]
    assert list(measured) == ["a", "b", "c"]


def test_every_network_sees_one_image_of_noise_that_is_always_the_same(clock: Clock) -> None:
    first, second = (Fake(name, [], clock) for name in "ab")
    measure({"a": first, "b": second}, 4, 6, rounds=1, warm_up=0, device=CPU)
    measure({"a": first}, 4, 6, rounds=1, warm_up=0, device=CPU)
    (image, again), (other,) = first.inputs, second.inputs
    assert image.shape == (1, 3, 4, 6)
    assert 0 <= image.min() < image.max() <= 1
    assert torch.equal(image, other)
    assert torch.equal(image, again)


def test_cold_rounds_are_discarded_and_the_others_keep_their_order(clock: Clock) -> None:
    fake = Fake("a", [], clock, (900.0, 800.0, 5.0, 1.0, 2.0, 3.0, 4.0))
    measured = measure({"a": fake}, 4, 4, rounds=5, warm_up=2, device=CPU)["a"]
    assert measured.rounds == 5
    assert measured.rounds_ms == pytest.approx((5, 1, 2, 3, 4))
    assert measured.median_ms == pytest.approx(3)
    assert (measured.lower_quartile_ms, measured.upper_quartile_ms) == pytest.approx((2, 4))


def test_quartiles_lie_between_rounds_and_one_round_has_them_too() -> None:
    four = Latency.of((40.0, 10.0, 30.0, 20.0))
    assert (four.lower_quartile_ms, four.median_ms, four.upper_quartile_ms) == (17.5, 25.0, 32.5)
    one = Latency.of((7.0,))
    assert (one.lower_quartile_ms, one.median_ms, one.upper_quartile_ms) == (7.0, 7.0, 7.0)


def test_a_ratio_is_taken_round_by_round() -> None:
    # The machine is ten times slower in the last round: the ratio does not notice.
    base = Latency.of((1.0, 2.0, 30.0))
    assert Latency.of((2.0, 4.0, 60.0)).ratio(base) == (2.0, 2.0, 2.0)
    # The ratio of the medians would be 4 / 2.
    assert Latency.of((4.0, 5.0, 3.0)).ratio(base) == pytest.approx((2.5, 1.3, 3.25))
    assert base.ratio(base) == (1.0, 1.0, 1.0)


def test_rounds_that_are_no_pairs_have_no_ratio() -> None:
    with pytest.raises(ValueError, match=r"^rounds must be paired, got 1 and 2$"):
        Latency.of((1.0,)).ratio(Latency.of((1.0, 2.0)))


def test_a_clock_that_did_not_move_still_gives_a_ratio(clock: Clock) -> None:
    networks = {name: Fake(name, [], clock, (0.0,)) for name in "ab"}
    measured = measure(networks, 4, 4, rounds=2, device=CPU)
    assert measured["a"].ratio(measured["b"]) == (1.0, 1.0, 1.0)


class Failing(Fake):
    """Fails in its run."""

    def forward(self, image: Tensor) -> Tensor:
        super().forward(image)
        raise RuntimeError("broken")


@pytest.mark.parametrize("kind", [Fake, Failing])
def test_threads_and_modes_are_put_back(kind: type[Fake], clock: Clock) -> None:
    fake = kind("a", [], clock)
    fake.training, fake.frozen.training = True, False
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        if kind is Failing:
            with pytest.raises(RuntimeError, match=r"^broken$"):
                measure({"a": fake}, 4, 4, rounds=1, device=CPU)
        else:
            measure({"a": fake}, 4, 4, rounds=1, device=CPU)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(fake.states) == {(False, False, 1)}
    assert (fake.training, fake.frozen.training) == (True, False)
    assert torch.is_grad_enabled()


def test_a_size_below_the_smallest_input_is_refused() -> None:
    model = build_model(PRESETS["tiny"], seed=0)
    with pytest.raises(InputSizeError, match="14 x 20 px; this network needs at least 15 x 15"):
        measure({"tiny": model}, 20, 14, rounds=1, device=CPU)


def test_no_round_is_refused(clock: Clock) -> None:
    with pytest.raises(ValueError, match=r"^rounds must be at least 1, got 0$"):
        measure({"a": Fake("a", [], clock)}, 4, 4, rounds=0, device=CPU)
