"""Writes the bundles of the archive: a folder with a bundle for each day (UTC)."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from audit.bundle.errors import BundleError
from audit.bundle.export import digest_of_bundle, export_bundle
from audit.bundle.manifest import MANIFEST, Selection
from audit.bundle.reading import Bundle
from codec.payload_codec import EncryptingCodec
from contracts import Contract

DAY: Final = timedelta(days=1)
# Temporal's list may show a closed workflow some seconds late; one listed after the
# export would be in no bundle.
UNTIL_LISTED: Final = timedelta(minutes=5)
_NAME: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class ArchivedDay(Contract):
    """One bundle of the archive.

    Attributes:
        manifest: SHA-256 of its manifest; a replaced bundle has another one.
        gone: How many histories the server had deleted before they were fetched.
    """

    day: date
    histories: int
    manifest: str
    gone: int = 0


class ArchiveActivities:
    """The archive of one namespace."""

    def __init__(
        self,
        client: Client,
        folder: Path,
        key: Ed25519PrivateKey,
        *,
        codec: EncryptingCodec | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Set the dependencies of the activity.

        Args:
            client: Lists and fetches histories.
            folder: The folder of the bundles, which are named by their days.
            key: Signs the bundles.
            codec: Decrypts outcomes and money for the index.
            now: The clock that decides whether a day has ended.
        """
        self._client = client
        self._folder = folder
        self._key = key
        self._codec = codec
        self._now = now

    @activity.defn
    async def archive_until(self, day: date) -> list[ArchivedDay]:
        """Make the missing bundles of all days, up to this one.

        The first bundle of an archive contains all histories closed before the end of
        its day. An existing bundle is left unchanged.

        Raises:
            ApplicationError: The day has not ended, or a bundle cannot be written; the
                retry continues where it stopped.
        """
        self._must_be_over(day)
        try:
            done, begun = self._days()
            if day in done:
                return [self._known(day)]
            if not done:
                # An interrupted first bundle keeps its day, and its histories.
                return [
                    await self._archive(one, previous=one - DAY if number else None)
                    for number, one in enumerate(_days(min([*begun, day]), day))
                ]
            last = max(done)
            return [
                await self._archive(one, previous=one - DAY)
                for one in _days(last + DAY, day)
            ]
        except BundleError as error:
            raise ApplicationError(str(error), type="Bundle") from None

    def _must_be_over(self, day: date) -> None:
        ready = datetime.combine(day + DAY, time(), UTC) + UNTIL_LISTED
        if (left := ready - self._now()) > timedelta():
            raise ApplicationError(
                f"{day} has not ended, or its last closed workflows may not be listed "
                "yet",
                type="DayNotOver",
                next_retry_delay=left,
            )

    def _days(self) -> tuple[set[date], set[date]]:
        """Return the days with a finished bundle, and those with an unfinished one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        done: set[date] = set()
        begun: set[date] = set()
        for one in self._folder.iterdir():
            if _NAME.fullmatch(one.name) and one.is_dir():
                known = done if (one / MANIFEST).exists() else begun
                known.add(date.fromisoformat(one.name))
        return done, begun

    def _known(self, day: date) -> ArchivedDay:
        bundle = Bundle.open(self._folder / f"{day}")
        return ArchivedDay(
            day=day,
            histories=bundle.manifest.histories,
            manifest=digest_of_bundle(bundle.folder),
        )

    async def _archive(self, day: date, *, previous: date | None) -> ArchivedDay:
        begins = datetime.combine(day, time(), UTC)
        exported = await export_bundle(
            self._client,
            self._folder / f"{day}",
            Selection(since=begins if previous else None, before=begins + DAY),
            codec=self._codec,
            key=self._key,
            previous=self._folder / f"{previous}" if previous else None,
            tell=activity.heartbeat,
        )
        if exported.gone:
            activity.logger.warning(
                "histories were deleted before they were archived",
                extra={"day": f"{day}", "gone": len(exported.gone)},
            )
        known = self._known(day)
        return known.model_copy(update={"gone": len(exported.gone)})


def _days(first: date, last: date) -> list[date]:
    return [first + DAY * number for number in range((last - first).days + 1)]
