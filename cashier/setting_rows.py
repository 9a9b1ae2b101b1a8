"""The settings of a class as rows: name, meaning, form, default, need and secrecy.

All of it stands in the fields of the class; pydantic's JSON schema collects it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_settings import BaseSettings

NEEDED = "**yes**"
# Names of pydantic's JSON schema; some types use the names of the fields instead.
AT_LEAST, AT_MOST, ABOVE = (
    ("minimum", "ge"),
    ("maximum", "le"),
    ("exclusiveMinimum", "gt"),
)

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class SettingRow:
    """One setting of a process, in Markdown.

    Attributes:
        name: The variable of the environment.
        meaning: The field's description.
        form: The allowed values, with bounds; the meaning names the units.
        default: The value where it is not given.
        needed: Whether, or when, it must be given.
        secret: Which part is secret: the value, the file or the folder; or empty.
        example: A value, where it belongs to the minimum that a process needs; or
            empty.
    """

    name: str
    meaning: str
    form: str
    default: str
    needed: str
    secret: str
    example: str


def rows_of(settings: type[BaseSettings]) -> list[SettingRow]:
    """Return a row for each setting of a class, those that must be given first."""
    schema = settings.model_json_schema()
    prefix = settings.model_config.get("env_prefix", "")
    required = schema.get("required", ())
    rows = [
        _row(_variable(prefix, name), field, schema, is_required=name in required)
        for name, field in schema["properties"].items()
    ]
    return sorted(rows, key=lambda row: row.needed != NEEDED)


def _variable(prefix: str, name: str) -> str:
    # An alias is the whole name of the variable.
    return name if name.isupper() else f"{prefix}{name.upper()}"


def _row(name: str, field: Schema, schema: Schema, *, is_required: bool) -> SettingRow:
    return SettingRow(
        name=name,
        meaning=field["description"],
        form=_form(_kind(field, schema)),
        default="" if is_required else _written(field.get("default")),
        needed=NEEDED if is_required else field.get("needed", "no"),
        secret=field.get("secret", ""),
        example=next(iter(field.get("examples", ())), ""),
    )


def _kind(field: Schema, schema: Schema) -> Schema:
    """Return the schema of the allowed values other than None."""
    if "$ref" in field:
        kind: Schema = schema["$defs"][field["$ref"].rpartition("/")[2]]
        return kind
    kinds = [one for one in field.get("anyOf", ()) if one.get("type") != "null"]
    return _kind(kinds[0], schema) if kinds else field


def _form(kind: Schema) -> str:
    if "enum" in kind:
        return " or ".join(f"`{value}`" for value in kind["enum"])
    if kind["type"] == "array":
        return f"one or more, separated by commas: {_form(kind['items'])}"
    if kind["type"] == "boolean":
        return "`true` or `false`"
    if kind["type"] == "integer":
        return f"whole number{_bounds(kind)}"
    if kind["type"] == "number":
        return f"number{_bounds(kind)}"
    return str(kind.get("format") or f"text{_length(kind)}")


def _bounds(kind: Schema) -> str:
    least, most, above = (
        next((str(kind[name]) for name in names if name in kind), None)
        for names in (AT_LEAST, AT_MOST, ABOVE)
    )
    if above:
        return f" above {above}, at most {most}"
    return f" from {least} to {most}" if least else ""


def _length(kind: Schema) -> str:
    return f" of at most {kind['maxLength']} characters" if "maxLength" in kind else ""


def _written(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, list | tuple):
        return f"`{','.join(default)}`"
    return "none" if default in (None, "", {}) else f"`{default}`"
