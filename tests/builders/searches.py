"""Builders of tests: searches."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from tests.builders.comparisons import scored
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.execution.plan import Arm
from workbench.execution.stream import ArmEnded
from workbench.results import CurvePoint, MeanScore, TrialResult, TrialState
from workbench.search.candidates import cost_of
from workbench.search.loop import run_loop
from workbench.search.objectives import parse_objectives
from workbench.search.record import SearchEvent, SearchRecord, Settings
from workbench.search.state import SearchState
from workbench.spaces.space import Fidelity, SpaceFile

BASE = TrialConfig(model=PRESETS["tiny"], training=RECIPES["smoke"])


SPACE = SpaceFile.parse(
    {
        "question": "Why?",
        "base": "tiny",
        "dimensions": {
            "model.channels": {"kind": "integers", "low": 4, "high": 16},
            "model.blocks": {"kind": "integers", "low": 1, "high": 3},
            "model.activation": {"kind": "choice", "values": ["gelu", "relu"]},
            "training.ema_decay": {"kind": "floats", "low": 0.9, "high": 0.999},
        },
        "limits": {"parameters": 9_000},
    }
)


class KilledError(Exception):
    """Stands for kill -9."""


class Fake:
    """Trains nothing; scores by a formula, and counts how often each network is requested."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.ledger: dict[str, TrialResult] = {}
        self.paused: dict[tuple[str, int], TrialResult] = {}
        self.trained: list[str] = []
        """Names, each time that one is trained to its end."""
        self.segments: list[tuple[str, int | None]] = []
        """(name, to which step), each time that one is trained at all."""
        self.kill_at = kill_at
        self.seeds: tuple[int, ...] = (1,)
        """Of each arm."""

    def __call__(self, first: Iterable[Arm], then: Callable[[ArmEnded], Iterable[Arm]]) -> None:
        """Run arms in the order in which they are requested."""
        waiting = deque(first)
        while waiting:
            waiting.extend(then(self.ended(waiting.popleft())))

    def ended(self, one: Arm) -> ArmEnded:
        """Run one arm under all seeds."""
        name, config = one.name, one.config
        return ArmEnded(name, [self.one(name, config, seed, one.until) for seed in self.seeds])

    def one(self, name: str, config: TrialConfig, seed: int, until: int | None) -> TrialResult:
        key = config.model_dump_json() + str(seed)
        if key in self.ledger:
            return self.ledger[key]
        if until is not None and (key, until) in self.paused:
            return self.paused[key, until]
        if self.kill_at is not None and len(self.segments) >= self.kill_at:
            raise KilledError("killed")
        self.segments.append((name, until))
        made = scored(name, seed, {"Set5": [psnr_db(config), psnr_db(config) + 1]})
        made = made.model_copy(update={"cost": cost_of(config.model)})
        if until is None:
            self.trained.append(name)
            self.ledger[key] = made.model_copy(update={"curve": curve(config, 120)})
            return self.ledger[key]
        changes = {"state": TrialState.PRUNED, "scores": (), "curve": curve(config, until)}
        self.paused[key, until] = made.model_copy(update=changes)
        return self.paused[key, until]


def psnr_db(config: TrialConfig) -> float:
    model = config.mdrn
    psnr = 30 + 0.1 * model.channels - 0.3 * (model.blocks - 2) ** 2
    psnr -= math.log10(config.training.stages[-1].learning_rate / 0.004) ** 2
    return psnr + 0.05 * (model.activation == "gelu") - (config.training.ema_decay - 0.95) ** 2


def curve(config: TrialConfig, until: int) -> tuple[CurvePoint, ...]:
    def score(step: int) -> MeanScore:
        db = psnr_db(config) - 10 / step
        return MeanScore(psnr_rgb_db=db, ssim_rgb=0.8, psnr_y_db=db, ssim_y=0.8)

    steps = range(40, until + 1, 40)
    return tuple(
        CurvePoint(step=s, time_s=0.0, loss=0.1, learning_rate=1e-3, score=score(s)) for s in steps
    )


def settings(**changes: object) -> Settings:
    given: dict[str, object] = {
        "space_name": "mine",
        "space": SPACE,
        "base": BASE,
        "objectives": ("psnr_rgb_db",),
        "sampler": "tpe",
        "seed": 0,
        "trial_seeds": (1,),
        "batch": 4,
    }
    return Settings(**(given | changes))  # type: ignore[arg-type]


def run(
    wanted: Settings,
    trials: int,
    fake: Fake,
    record: SearchRecord | None = None,
    keep: Callable[[SearchEvent], None] = lambda _: None,
    *,
    retry: bool = False,
) -> SearchState:
    objectives = parse_objectives(wanted.objectives, ["Set5"])
    start = record or SearchRecord(name="s", settings=wanted)
    fake.seeds = wanted.trial_seeds
    return run_loop(start, trials, objectives, fake, keep, retry=retry)


def with_rungs(space: SpaceFile = SPACE, keep: float = 0.5) -> SpaceFile:
    return space.model_copy(update={"fidelity": Fidelity(rungs=(0.3, 0.6), keep=keep)})


class Failing(Fake):
    """Some networks fail in one way or another."""

    def forget(self, names: Sequence[str]) -> None:
        """Drop what the ledger would not have of trials that failed."""
        self.ledger = {k: r for k, r in self.ledger.items() if r.key not in names}
        self.paused = {k: r for k, r in self.paused.items() if r.key not in names}
        self.segments = [one for one in self.segments if one[0] not in names]

    def __init__(self, how: Mapping[str, str]) -> None:
        super().__init__()
        self.how = dict(how)

    def ended(self, one: Arm) -> ArmEnded:
        """Run one arm, and let it fail if it is to fail."""
        found = super().ended(one)
        how = self.how.get(found.name)
        if how is None:
            return found
        if how == "lost":
            return ArmEnded(found.name, [], "its worker process died 2 times")
        changes = {"state": TrialState(how), "reason": "why", "scores": ()}
        return ArmEnded(found.name, [r.model_copy(update=changes) for r in found.results])
