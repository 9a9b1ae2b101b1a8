"""The base class of all settings: how their texts are read."""

from pathlib import Path
from typing import Any, ClassVar, get_args

from pydantic import ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from settings.given_text import as_meant
from settings.path_names import check_path_name


class ProcessSettings(BaseSettings):
    """Settings of one process, from the environment or `.env`.

    Accidental characters around a text are removed (`as_meant`). A setting that is
    given and empty, as in Compose files, counts as not given.
    """

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    # Whether the process reaches Temporal, so that TEMPORAL_* must be right as well.
    uses_temporal: ClassVar[bool] = False

    @field_validator("*", mode="before")
    @classmethod
    def _as_meant(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401
        if not isinstance(value, str) or info.field_name is None:
            return value
        field = cls.model_fields[info.field_name]
        if _is_path(field.annotation):
            check_path_name(value)
        if meant := as_meant(value):
            return meant
        if field.is_required():
            raise ValueError("is given, and empty")
        return field.get_default(call_default_factory=True)


def _is_path(kind: object) -> bool:
    return kind is Path or any(map(_is_path, get_args(kind)))
