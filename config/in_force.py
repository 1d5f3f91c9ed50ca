"""The edition that serves what begins now, as one value that outlives a publication."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from config.documents import CallbackRules, Edition, Site, WaitingRules

Pins = Mapping[str, str]  # kind of document → content hash
Load = Callable[[Pins], Awaitable[Edition]]


class EditionInForce:
    """Kept in the place of an edition by whatever lives longer than one; whoever publishes changes it under them.

    Take `edition` once for one piece of work, so that all of it goes by the same documents.
    """

    def __init__(self, edition: Edition, pins: Pins | None = None, load: Load | None = None) -> None:
        """`load` returns the edition with these pins."""
        self._load = load
        self.switch(edition, pins)

    def switch(self, edition: Edition, pins: Pins | None = None) -> None:
        """From now on this one; `pins` are the content hashes that its calls keep, those of its documents at least."""
        self.edition = edition
        self.pins: Pins = edition.hashes() if pins is None else pins

    async def of(self, pins: Pins) -> Edition:
        """The edition that a call began with; the one in force, where that cannot be had."""
        edition = self.edition
        if self._load and _documents(pins) != _documents(self.pins):
            with suppress(Exception):  # a matter told is worth more than the documents it was told under
                return await self._load(pins)
        return edition

    @property
    def site(self) -> Site:
        return self.edition.site

    def waiting(self) -> WaitingRules:
        """The rules of the queue."""
        return self.edition.site.waiting

    def callback(self) -> CallbackRules:
        """The rules of callbacks."""
        return self.edition.site.callback


def _documents(pins: Pins) -> dict[str, str | None]:
    return {kind: pins.get(kind) for kind in Edition.model_fields}
