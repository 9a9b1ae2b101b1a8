"""The version of a worker deployment to which this worker belongs, if any.

Temporal's worker controller sets both variables, under these names.
"""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import SettingsConfigDict
from temporalio.common import WorkerDeploymentVersion

from settings.forms import form
from settings.process import ProcessSettings

# Temporal lists `name:build` and finds versions by it; together 255 characters at most.
DEPLOYMENT = re.compile(r"(?!__)[A-Za-z0-9_/-]{1,127}")
BUILD = re.compile(r"(?!__)[A-Za-z0-9._-]{1,127}")


def _deployment(name: str) -> str:
    if not DEPLOYMENT.fullmatch(name):
        raise ValueError(
            f"has {len(name)} characters; must be 1 to 127 letters, digits and - _ /, "
            "without . and :, and must not begin with __"
        )
    return name


def _build(build_id: str) -> str:
    if not BUILD.fullmatch(build_id):
        raise ValueError(
            f"has {len(build_id)} characters; must be 1 to 127 letters, digits and "
            ". _ -, and must not begin with __"
        )
    return build_id


Deployment = Annotated[
    str,
    AfterValidator(_deployment),
    form("1 to 127 letters, digits, `-`, `_` and `/`; does not begin with `__`"),
]
Build = Annotated[
    str,
    AfterValidator(_build),
    form("1 to 127 letters, digits, `.`, `_` and `-`; does not begin with `__`"),
]


class WorkerVersionSettings(ProcessSettings):
    """Both variables make a worker versioned; a worker without them has no version."""

    model_config = SettingsConfigDict(env_prefix="CASHIER_")

    deployment_name: Deployment | None = Field(
        default=None,
        validation_alias="TEMPORAL_DEPLOYMENT_NAME",
        description="The worker deployment to which this worker belongs; payments "
        "are pinned to the version. Not set: the worker has no version",
        json_schema_extra={"needed": "with `TEMPORAL_WORKER_BUILD_ID`"},
    )
    build_id: Build | None = Field(
        default=None,
        validation_alias="TEMPORAL_WORKER_BUILD_ID",
        description="The version of the worker deployment that this worker runs",
        json_schema_extra={"needed": "with `TEMPORAL_DEPLOYMENT_NAME`"},
    )

    @model_validator(mode="after")
    def _has_both_or_neither(self) -> Self:
        if (self.deployment_name is None) != (self.build_id is None):
            given, lacking = "TEMPORAL_DEPLOYMENT_NAME", "TEMPORAL_WORKER_BUILD_ID"
            if self.deployment_name is None:
                given, lacking = lacking, given
            raise ValueError(
                f"{lacking}: needed where {given} is set; a worker without a version "
                "is given neither"
            )
        return self

    @property
    def version(self) -> WorkerDeploymentVersion | None:
        """The version of this worker; None if it is not versioned."""
        if self.deployment_name is None or self.build_id is None:
            return None
        return WorkerDeploymentVersion(self.deployment_name, self.build_id)
