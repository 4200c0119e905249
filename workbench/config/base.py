"""The base of every configuration value: frozen, strict, and with errors of one line."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from workbench.errors import ConfigError, nearest


class Frozen(BaseModel):
    """A value. Unknown fields and wrong types are refused; nothing can be changed afterwards."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
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
            raise ConfigError(explain(error, data, where)) from None

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


def _tuples(data: object) -> object:
    """Turn lists into tuples, which is what frozen values hold; all else stays strict."""
    if isinstance(data, Mapping):
        return {key: _tuples(value) for key, value in data.items()}
    if isinstance(data, list):
        return tuple(_tuples(value) for value in data)
    return data


def explain(error: ValidationError, data: object, where: str = "") -> str:
    """Put a validation error into one line: where, key, rule, value, nearest valid name."""
    texts = [_explain_one(dict(item), data) for item in error.errors(include_url=False)]
    more = f" (and {len(texts) - 1} more)" if len(texts) > 1 else ""
    return f"{where}: {texts[0]}{more}" if where else f"{texts[0]}{more}"


def error_path(location: Sequence[int | str], data: object) -> tuple[int | str, ...]:
    """Drop from a pydantic location the names of union members, which no user wrote."""
    path: list[int | str] = []
    node = data
    for part in location:
        if isinstance(node, Mapping) and part in node:
            node = node[part]
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[part]
        elif part != location[-1]:
            continue
        path.append(part)
    return tuple(path)


def _explain_one(item: dict[str, Any], data: object) -> str:
    key = ".".join(str(part) for part in error_path(item["loc"], data))
    prefix = f"{key}: " if key else ""
    match item["type"]:
        case "extra_forbidden":
            return f"{prefix}unknown key"
        case "missing":
            return f"{prefix}is missing"
        case "literal_error" if isinstance(item["input"], str):
            valid = [word.strip(" '") for word in item["ctx"]["expected"].split(",")]
            valid = [word for part in valid for word in part.replace("' or '", ",").split(",")]
            return f"{prefix}unknown name {item['input']!r}; {nearest(item['input'], valid)}"
        case "value_error":
            return f"{prefix}{item['ctx']['error']}"
        case _:
            rule = str(item["msg"]).removeprefix("Input ")
            value = list(item["input"]) if isinstance(item["input"], tuple) else item["input"]
            return f"{prefix}{rule}, got {value!r}"
