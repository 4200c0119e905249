"""The page of all fields of a run, which `--set`, variants, spaces and plans name by their keys."""

import inspect
import json
from collections.abc import Iterable
from typing import Any, get_args, get_origin

from tools.docs_site.pages import Page, anchor, definition, prose
from workbench.config.base import Frozen, frozen_types
from workbench.config.block import BlockOverride, BlockSettings
from workbench.config.trial import TrialConfig

PATH = "settings.md"
_INTRODUCTION = """\
# Settings of a run

`--set model.channels=24` sets a field for every trial of a command, `overrides` does so from
Python; variants and search spaces name fields by the same keys. Members of a list are counted
from 0, as in `training.stages.0.steps`. Where no default is given, the
[recipe](shipped.md#recipes) has the value."""


def settings_page() -> Page:
    """Return the page, made from the config classes and the docstrings of their fields."""
    lines = [_INTRODUCTION, "", "## Trial", *_fields("", TrialConfig)]
    for name, field in TrialConfig.model_fields.items():
        for kind in frozen_types(field.annotation):
            lines += ["", f"## {name.capitalize()}", *_text(kind), *_fields(f"{name}.", kind)]
            lines += _inner(f"{name}.", kind)
    return Page(PATH, "Settings of a run", "\n".join(lines) + "\n")


def _inner(prefix: str, kind: type[Frozen]) -> list[str]:
    """Return a section for each class that fields of a class hold, and for those inside."""
    lines: list[str] = []
    for name, field in kind.model_fields.items():
        place = f"{prefix}{name}" + (".0" if get_origin(field.annotation) is tuple else "")
        for held in frozen_types(field.annotation):
            lines += ["", f"### {_title(place, held)}", *_text(held), *_fields(f"{place}.", held)]
            lines += [] if held is BlockOverride else _inner(f"{place}.", held)
    return lines


def _title(place: str, kind: type[Frozen]) -> str:
    """Return the place of a class, and which of several classes it is."""
    return f"{place}: {', '.join(_kinds(kind))}" if _kinds(kind) else place


def _kinds(kind: type[Frozen]) -> tuple[str, ...]:
    """Return what `kind` says in the file if a class is one of several; else nothing."""
    field = kind.model_fields.get("kind")
    return () if field is None else get_args(field.annotation)


def _text(kind: type[Frozen]) -> list[str]:
    return ["", prose(" ".join((inspect.getdoc(kind) or "").split()))]


def _fields(prefix: str, kind: type[Frozen]) -> list[str]:
    """Return an entry for each field; a block that differs has those of a block, too."""
    known = BlockSettings.model_fields if kind is BlockOverride else {}
    lines = []
    for name, field in kind.model_json_schema()["properties"].items():
        inside = frozen_types(kind.model_fields[name].annotation)
        if name in known or (kind is TrialConfig and inside):
            continue
        place = anchor(prefix, *_kinds(kind)[:1], name)
        text = field.get("description", "")
        lines += definition(f"{prefix}{name}", place, text, _values(field))
    return lines


def _values(field: dict[str, Any]) -> str:
    """Return what a field may hold, and its default."""
    allowed = _allowed(field)
    if "default" not in field:
        return allowed
    default = field["default"]
    if isinstance(default, dict):
        default = default.get("kind", default.get("folder"))
    shown = json.dumps(default).strip('"')
    return f"{allowed}; default: {shown}" if allowed else f"default: {shown}"


def _allowed(field: dict[str, Any]) -> str:
    if "enum" in field:
        return _either(str(value) for value in field["enum"])
    if "const" in field:
        return str(field["const"])
    if "anyOf" in field:
        return _either(filter(None, map(_allowed, field["anyOf"])))
    if field.get("type") in ("integer", "number"):
        return _range(field)
    return {"boolean": "true or false", "null": "null", "array": "a list"}.get(
        field.get("type", ""), ""
    )


def _range(field: dict[str, Any]) -> str:
    low = field.get("minimum", field.get("exclusiveMinimum"))
    high = field.get("maximum", field.get("exclusiveMaximum"))
    if high is None or high > 1e9:
        return f"above {low}" if "exclusiveMinimum" in field else f"from {low}"
    return f"{low:,}..{high:,}"


def _either(values: Iterable[str]) -> str:
    *first, last = values
    return f"{', '.join(first)} or {last}" if first else last
