"""The base of every configuration value: frozen, strict, and with errors of one line."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from workbench.errors import ConfigError, nearest

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

NO_KIND = "without kind"
"""Name, in a union of configs, of the member that states no kind."""
WHOLE = {"whole": True}
"""Context of a dump that leaves nothing out."""
LONGEST_VALUE = 100
"""Characters of a value that an error shows."""


class Frozen(BaseModel):
    """A value. Unknown fields and wrong types are refused; nothing can be changed afterwards."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
    )

    @classmethod
    def parse(cls, data: object, *, where: str = "") -> Self:
        """Build the value from plain data (what YAML or JSON give).

        Args:
            data: Mappings, lists, strings, numbers, booleans and None.
            where: What an error names first, such as `ablations/x.yaml:3`.

        Raises:
            ConfigError: One line naming the key, the rule and the value.
        """
        try:
            return cls.check(data)
        except ValidationError as error:
            raise ConfigError(explain(error, data, cls, where)) from None

    @classmethod
    def check(cls, data: object) -> Self:
        """Build the value from plain data.

        Raises:
            ValidationError: With pydantic's own account of what is wrong.
        """
        return cls.model_validate(_tuples(data))

    def plain(self) -> dict[str, Any]:
        """Return the value as plain data; `parse` gives the same value back."""
        plain: dict[str, Any] = self.model_dump(mode="json")
        return plain

    def whole(self) -> dict[str, Any]:
        """Return the value as plain data, also what `plain` leaves out because it is not used."""
        whole: dict[str, Any] = self.model_dump(mode="json", context=WHOLE)
        return whole

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: "CoreSchema", handler: "GetJsonSchemaHandler", /
    ) -> "JsonSchemaValue":
        """Return the JSON Schema, whose descriptions are the docstrings of the fields."""
        from workbench.config.field_docs import field_docs

        schema = handler.resolve_ref_schema(handler(core_schema))
        for name, text in field_docs(cls).items():
            alias = cls.model_fields[name].alias or name
            schema["properties"][alias]["description"] = text
        return schema


def _tuples(data: object) -> object:
    """Turn lists into tuples, which is what frozen values hold; all else stays strict."""
    if isinstance(data, Mapping):
        return {key: _tuples(value) for key, value in data.items()}
    if isinstance(data, list):
        return tuple(_tuples(value) for value in data)
    return data


def first_error_path(error: ValidationError, data: object) -> tuple[int | str, ...]:
    """Return the keys that lead to what `explain` names first, as the user wrote them."""
    return _user_path(_ordered(error)[0]["loc"], data)


def explain(error: ValidationError, data: object, kind: type[Frozen], where: str = "") -> str:
    """Put a validation error into one line: where, key, rule, value, nearest valid name.

    Args:
        error: What pydantic found.
        data: The plain data that was checked.
        kind: The class it was checked against.
        where: Start of the line.
    """
    items = _ordered(error)
    more = f" (and {len(items) - 1} more)" if len(items) > 1 else ""
    text = f"{_explain_one(items[0], data, kind)}{more}"
    return f"{where}: {text}" if where else text


def frozen_types(annotation: Any) -> list[type[Frozen]]:
    """Return the config classes that a field of this annotation may hold, also inside tuples."""
    if isinstance(annotation, type) and issubclass(annotation, Frozen):
        return [annotation]
    return [kind for part in get_args(annotation) for kind in frozen_types(part)]


def _ordered(error: ValidationError) -> list[dict[str, Any]]:
    """An unknown key explains the missing one beside it, so it comes first."""
    items = [dict(item) for item in error.errors(include_url=False)]
    return sorted(items, key=lambda item: item["type"] != "extra_forbidden")


def _user_path(location: Sequence[int | str], data: object) -> tuple[int | str, ...]:
    """Drop from a pydantic location the names of union members, which no user wrote."""
    path: list[int | str] = []
    node = data
    for part in location:
        if _holds(node, part):
            node = node[part]  # type: ignore[index]
        elif part in (NO_KIND, node.get("kind") if isinstance(node, Mapping) else node):
            continue
        path.append(part)
    return tuple(path)


def _holds(node: object, part: int | str) -> bool:
    if isinstance(node, Mapping):
        return part in node
    return isinstance(node, list | tuple) and isinstance(part, int) and part < len(node)


def _valid_keys(kind: type[Frozen], path: Sequence[int | str]) -> list[str]:
    """Return the keys that may stand where `path` ends."""
    kinds = [kind]
    for part in path[:-1]:
        fields = [k.model_fields[part] for k in kinds if part in k.model_fields]
        inner = [t for field in fields for t in frozen_types(field.annotation)]
        kinds = inner or kinds  # an index keeps the class of the list's members
    return [field.alias or name for k in kinds for name, field in k.model_fields.items()]


def shown(value: object) -> str:
    """Return a value as an error shows it: on one line, and cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python does not print integers of thousands of digits
        return "an integer of thousands of digits"
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _explain_one(item: dict[str, Any], data: object, kind: type[Frozen]) -> str:
    path = _user_path(item["loc"], data)
    key = ".".join(str(part) for part in path)
    prefix = f"{key}: " if key else ""
    match item["type"]:
        case "extra_forbidden":
            return f"{prefix}unknown key; {nearest(str(path[-1]), _valid_keys(kind, path))}"
        case "missing":
            return f"{prefix}is missing"
        case "literal_error" if isinstance(item["input"], str):
            names = re.findall(r"'([^']*)'", item["ctx"]["expected"])
            return f"{prefix}unknown name {item['input']!r}; {nearest(item['input'], names)}"
        case "union_tag_invalid":
            tag = str(item["ctx"]["tag"])
            names = re.findall(r"'([^']*)'", item["ctx"]["expected_tags"])
            names = [name for name in names if name != NO_KIND]
            return f"{prefix}unknown name {tag!r}; {nearest(tag, names)}"
        case "value_error":
            return f"{prefix}{item['ctx']['error']}"
        case kind_of_error:
            rule = {
                "too_short": "must not be empty",
                "tuple_type": "must be a list",
            }.get(kind_of_error, str(item["msg"]).removeprefix("Input "))
            value = list(item["input"]) if isinstance(item["input"], tuple) else item["input"]
            return f"{prefix}{rule}, got {shown(value)}"
