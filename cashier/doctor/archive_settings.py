"""The settings of the archiver's folder and key, which are options of its command."""

from typing import Self

from pydantic import Field, model_validator

from audit.bundle.errors import BundleError
from audit.bundle.signing_keys import load_private
from cashier.settings import ArchiverSettings
from settings.forms import OwnFolder, ReadableFile


class ArchiveSettings(ArchiverSettings):
    """The settings of `cashier audit archiver`; all None where it does not run."""

    archive_dir: OwnFolder | None = Field(
        default=None,
        description="Where the archiver writes each day's bundle; it reads this "
        "from the environment only, not from `.env`",
        examples=["archive"],
        json_schema_extra={"needed": "for the archiver"},
    )
    audit_key_file: ReadableFile | None = Field(
        default=None,
        description="The private key that signs bundles, made by `cashier audit keys`; "
        "the archiver reads this from the environment only, not from `.env`",
        examples=["secrets/bundle-key.pem"],
        json_schema_extra={"secret": "the file", "needed": "for the archiver"},
    )

    @model_validator(mode="after")
    def _can_write_bundles(self) -> Self:
        if self.archive_dir and not self.audit_key_file:
            raise ValueError("audit_key_file: needed where CASHIER_ARCHIVE_DIR is set")
        if self.audit_key_file and not self.archive_dir:
            raise ValueError("archive_dir: needed where CASHIER_AUDIT_KEY_FILE is set")
        try:
            if self.audit_key_file:
                load_private(self.audit_key_file)
        except BundleError as error:
            raise ValueError(f"audit_key_file: {error}") from None
        return self
