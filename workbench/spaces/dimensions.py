"""What a dimension of a search space may be, and how a value of it is suggested."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, model_validator

from workbench.config.base import Frozen
from workbench.config.bounds import Count, Number, Whole

MOST_VALUES = 10_000
"""Values of one dimension; each is tried on the base when the space is read."""


class Suggest(Protocol):
    """Gives values: at random, in turn, or as a sampler suggests."""

    def choice(self, name: str, values: Sequence[Any]) -> Any:
        """Return one of the values."""

    def integer(self, name: str, low: int, high: int, step: int) -> int:
        """Return a whole number from low to high, both included."""

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:
        """Return a number from low to high, both included."""


class _Dimension(Frozen):
    when: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    """Other dimensions and their values with which this one exists; the base's value otherwise."""
    each_block: bool = False
    """Chosen for each block by itself; only for fields of a block, such as `model.activation`."""


class Choice(_Dimension):
    """One of several values of any kind."""

    kind: Literal["choice"] = "choice"
    values: tuple[Any, ...] = Field(min_length=1, max_length=MOST_VALUES)

    def samples(self) -> tuple[Any, ...]:
        """Return values to try on the base."""
        return self.values


class Integers(_Dimension):
    """Whole numbers from `low` to `high`, both included."""

    kind: Literal["integers"] = "integers"
    low: Whole
    high: Whole
    step: Count = 1

    @model_validator(mode="after")
    def _check_range(self) -> "Integers":
        if self.low > self.high:
            raise ValueError(f"low must be at most high ({self.high}), got {self.low}")
        if (self.high - self.low) // self.step >= MOST_VALUES:
            raise ValueError(
                f"low, high and step must give at most {MOST_VALUES:,} values, "
                f"got {(self.high - self.low) // self.step + 1:,}"
            )
        return self

    def samples(self) -> tuple[int, ...]:
        """Return all values."""
        return tuple(range(self.low, self.high + 1, self.step))


class Floats(_Dimension):
    """Numbers from `low` to `high`, both included."""

    kind: Literal["floats"] = "floats"
    low: Number
    high: Number
    log: bool = False
    """Sample the logarithm evenly; both ends above 0."""
    step: float | None = Field(default=None, gt=0, le=1e12)

    @model_validator(mode="after")
    def _check_range(self) -> "Floats":
        if self.low > self.high:
            raise ValueError(f"low must be at most high ({self.high:g}), got {self.low:g}")
        if self.log and (self.low <= 0 or self.step):
            raise ValueError(f"log needs low above 0 and no step, got {self.low:g}, {self.step}")
        if self.step and (self.high - self.low) / self.step >= MOST_VALUES:
            raise ValueError(
                f"low, high and step must give at most {MOST_VALUES:,} values, "
                f"got a step of {self.step:g} from {self.low:g} to {self.high:g}"
            )
        return self

    def samples(self) -> tuple[float, ...]:
        """Return both ends."""
        return (self.low, self.high)


class Subset(_Dimension):
    """Some of several members, in their order."""

    kind: Literal["subset"] = "subset"
    of: tuple[Any, ...] = Field(min_length=1, max_length=64)
    at_least: int = Field(default=0, ge=0, le=64)
    within: str | None = None
    """Another subset's key; only members that were chosen there can be chosen here."""

    @model_validator(mode="after")
    def _check_members(self) -> "Subset":
        if self.each_block:
            raise ValueError("each_block is for choices and numbers, not for a subset")
        if len({repr(member) for member in self.of}) < len(self.of):
            raise ValueError(f"of must not repeat a member, got {list(self.of)}")
        if self.at_least > len(self.of):
            raise ValueError(f"at_least must be at most {len(self.of)}, got {self.at_least}")
        return self

    def samples(self) -> tuple[tuple[Any, ...], ...]:
        """Return each member alone; together they are tried by the first networks."""
        return () if self.within else tuple((member,) for member in self.of)


Dimension = Annotated[Choice | Integers | Floats | Subset, Field(discriminator="kind")]


class SubsetError(Exception):
    """A subset came out smaller than it must be; the candidate is rejected."""


def suggest_value(
    name: str,
    dimension: Choice | Integers | Floats | Subset,
    suggest: Suggest,
    among: Sequence[Any],
) -> Any:
    """Suggest a value of a dimension.

    Args:
        name: Its dotted key.
        dimension: What it may be.
        suggest: Gives values.
        among: For a subset within another one, the members that were chosen there.

    Raises:
        SubsetError: If a subset came out smaller than it must be.
    """
    match dimension:
        case Choice(values=values):
            return suggest.choice(name, values)
        case Integers(low=low, high=high, step=step):
            return suggest.integer(name, low, high, step)
        case Floats(low=low, high=high, step=step, log=log):
            return suggest.floating(name, low, high, step, log)
        case Subset(of=of, at_least=at_least):
            chosen = [m for m in of if m in among and suggest.choice(f"{name}[{m}]", (True, False))]
            if len(chosen) < at_least:
                raise SubsetError(f"{name} needs at least {at_least}, got {chosen}")
            return chosen
