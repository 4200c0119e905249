"""What the text of options means. No torch."""

import shlex
import sys
from collections.abc import Sequence

import typer

from workbench.config.overrides import Config
from workbench.config.yaml_files import parse_scalar
from workbench.errors import ConfigError
from workbench.experiments.trial_spec import TrialSpec, overridden

MOST_SIDE_PX = 16_384


def set_values(config: Config, assignments: Sequence[str] | None) -> Config:
    """Apply every `--set KEY=VALUE`.

    Raises:
        ConfigError: For a missing `=`, an unknown key, or a value that breaks a rule.
    """
    return overridden(config, assigned(assignments))


def assigned(assignments: Sequence[str] | None) -> dict[str, object]:
    """Read every `--set KEY=VALUE`.

    Raises:
        ConfigError: For a missing `=`, a value that is not YAML, or a key that repeats.
    """
    overrides: dict[str, object] = {}
    for text in assignments or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set must be KEY=VALUE, got {text!r}")
        if key in overrides:
            raise ConfigError(f"--set {key}: is given twice")
        overrides[key] = parse_scalar(value, f"--set {key}")
    return overrides


def factor_values(texts: Sequence[str] | None) -> dict[str, tuple[object, ...]]:
    """Read every `--factor KEY=V1,V2`, or `KEY=[...]` where values hold commas.

    Raises:
        ConfigError: For a missing `=`, a value that is not YAML, or a key that repeats.
    """
    found: dict[str, tuple[object, ...]] = {}
    for text in texts or ():
        key, equals, values = text.partition("=")
        if not equals or not key or not values:
            raise ConfigError(f"--factor must be KEY=VALUE,VALUE,..., got {text!r}")
        if key in found:
            raise ConfigError(f"--factor {key}: is given twice")
        whole = values if values.startswith("[[") else f"[{values}]"
        listed = parse_scalar(whole, f"--factor {key}")
        assert isinstance(listed, list)
        found[key] = tuple(listed)
    return found


def typed_options(context: typer.Context) -> dict[str, str]:
    """Return what was given on the command line, parameter to option, and not by default."""
    found = {}
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            found[name] = parameter.opts[0]
    return found


def trial_spec(
    recipe: str,
    steps: int | None = None,
    data: Sequence[str] | None = None,
    validation: str | None = None,
    benchmarks: Sequence[str] | None = None,
    assignments: Sequence[str] | None = None,
) -> TrialSpec:
    """Return the training and the images that options name.

    Raises:
        ConfigError: If an option `--set` cannot be read.
    """
    overrides = assigned(assignments)
    return TrialSpec(recipe, steps, data or (), validation, benchmarks or (), overrides)


def size_px(option: str, text: str) -> tuple[int, int]:
    """Read the `WIDTHxHEIGHT` of an image, in px.

    Raises:
        ConfigError: If it is no such text, or a side is 0 or too large.
    """
    parts = text.lower().split("x")
    # Digits are counted first: Python refuses to convert thousands of them.
    whole = all(part.isdecimal() and len(part) < 10 and int(part) for part in parts)
    if len(parts) != 2 or not whole:
        raise ConfigError(
            f"{option} must be WIDTHxHEIGHT in px, such as 256x256, got {text[:60]!r}"
        )
    if max(map(int, parts)) > MOST_SIDE_PX:
        raise ConfigError(f"{option} must be at most {MOST_SIDE_PX:,} px a side, got {text!r}")
    return int(parts[0]), int(parts[1])


def names(text: str | None) -> tuple[str, ...]:
    """Read `NAME,NAME,...`."""
    return tuple(name.strip() for name in text.split(",")) if text else ()


def typed_command() -> str:
    """Return the command line of this process, as a shell takes it."""
    return shlex.join(["workbench", *sys.argv[1:]])
