"""The way from an AGI session into a caller's audio and back: EXEC AudioSocket under a lease.

The lease is Asterisk's `TIMEOUT(absolute)`: armed by AGI before each EXEC, renewed over AMI while this process moves.
A process that hangs renews nothing, and Asterisk takes its callers to the `T` extension.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

import structlog

from ivr.ports import HungUp, LegLost
from telephony.agi_session import LEASE_MARGIN_S, AgiSession
from telephony.audio_leg import AudioLeg
from telephony.audio_server import AudioServer
from telephony.audio_watch import HearingChange

CONNECT_LIMIT_S = 2.0  # Asterisk itself waits no longer for a connection
LEAVE_LIMIT_S = 3.0
RENEWAL_LIMIT_S = 0.5  # AMI answers in milliseconds, or is about to be lost; an emergency may wait for it
GAPS_LOGGED = 20  # of a call: a phone that suppresses silence has one at every pause

log = structlog.get_logger()


class LeaseKeeper(Protocol):
    """Moves a channel's deadline while an application runs on it; the AMI client does."""

    @property
    def up(self) -> bool: ...

    async def absolute_timeout(self, channel: str, seconds: float) -> bool:
        """False when it could not be done now."""


class InfoKeys(Protocol):
    """Tells of keys that came by SIP INFO; the SIP watch does."""

    def info_keys(self, call_id: str, on_key: Callable[[str], None]) -> AbstractContextManager[None]: ...


@dataclass(frozen=True)
class LeaseTerms:
    watched_s: float = 8.0  # a hung controller keeps its callers so long
    unwatched_s: float = 900.0  # while AMI is down nobody can renew: a long lease, said in the log

    @property
    def renew_s(self) -> float:
        return self.watched_s / 3


class CallAudio:
    """Opens the audio of calls."""

    def __init__(
        self, audio: AudioServer, keeper: LeaseKeeper, terms: LeaseTerms | None = None, infos: InfoKeys | None = None
    ) -> None:
        self.audio, self.keeper, self.terms, self.infos = audio, keeper, terms or LeaseTerms(), infos

    @asynccontextmanager
    async def open_audio(
        self, session: AgiSession, on_hearing: Callable[[HearingChange], None] | None = None
    ) -> AsyncIterator[AudioLeg]:
        """The audio of an answered call; afterwards the AGI session has its channel back, under a fresh lease.

        `on_hearing` is told when the caller's audio stops coming and when it is back.

        Raises: HungUp, LegLost, also from every method of the leg.
        """
        leg = AudioLeg(uuid4())
        audio_session = AudioSession(self, session, leg)
        leg.on_hearing = lambda change: audio_session.heard(change, on_hearing)
        with self.audio.expecting(leg), await self._info_keys(session, leg):
            keeping = asyncio.create_task(audio_session.keep(), name=f"seat of {leg.id}")
            try:
                await leg.connected(CONNECT_LIMIT_S)
                yield leg
            finally:
                await audio_session.leave(keeping)

    async def _info_keys(self, session: AgiSession, leg: AudioLeg) -> AbstractContextManager[None]:
        call_id = await session.variable("CHANNEL(pjsip,call-id)") if self.infos else None
        return self.infos.info_keys(call_id, leg.info_key) if self.infos and call_id else nullcontext()


class AudioSession:
    """One leg's place on its AGI session."""

    def __init__(self, call_audio: CallAudio, session: AgiSession, leg: AudioLeg) -> None:
        self._call_audio, self._session, self._leg = call_audio, session, leg
        self._leaving = False
        self._sit_again = False
        self._changes = 0
        self._asking = asyncio.Lock()  # while a renewal is under way

    async def keep(self) -> None:
        """Until the leg is over; tells it why."""
        try:
            await self._sit()
            while self._sit_again:
                self._call_audio.audio.expect_again(self._leg)
                await self._sit()
            self._leg.end(LegLost("the audio is closed"))
        except (HungUp, LegLost) as reason:
            self._leg.end(reason)
        except Exception:
            log.exception("a leg lost its seat", leg=self._leg.id)
            self._leg.end(LegLost("seat lost"))
            raise

    async def leave(self, keeping: asyncio.Task[None]) -> None:
        """Give the channel back to AGI."""
        self._leaving = True
        self._leg.terminate()
        try:
            async with asyncio.timeout(LEAVE_LIMIT_S):
                await keeping
        except TimeoutError:
            log.warning("Asterisk does not give the channel back", leg=self._leg.id)
            self._session.abort()
        if self._leg.lost_frames:
            log.warning("a slow reader lost audio", leg=self._leg.id, frames=self._leg.lost_frames)
        with suppress(HungUp, LegLost):
            if self._session.alive:
                await self._session.lease(self._terms.watched_s)

    def heard(self, change: HearingChange, tell: Callable[[HearingChange], None] | None) -> None:
        """A gap in the caller's audio began or ended.

        Asterisk's way from the caller's codec to ours may take packets whose numbers began anew for old ones, and
        drop them all; the way is made anew with the application, so leaving and entering it mends that.
        """
        log.info("a caller's audio changed", leg=self._leg.id, change=change.change, gap_ms=change.gap_ms)
        if change.curable:
            self._stand_up()
        self._changes += 1
        if tell is not None and self._changes <= 2 * GAPS_LOGGED:
            tell(change)

    @property
    def _terms(self) -> LeaseTerms:
        return self._call_audio.terms

    async def _sit(self) -> None:
        self._sit_again = False
        await self._session.lease(self._terms.watched_s if self._call_audio.keeper.up else self._unwatched())
        audio = self._call_audio.audio
        renewing = asyncio.create_task(self._renew(), name=f"lease of {self._leg.id}")
        try:
            await self._session.exec("AudioSocket", str(self._leg.uuid), f"{audio.host}:{audio.port}")
        finally:
            if self._session.alive:
                await self._renewal_done()
            renewing.cancel()

    async def _renewal_done(self) -> None:
        """A deadline that arrived after the channel was given back would cut the caller's talk."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RENEWAL_LIMIT_S), self._asking:
                pass

    def _unwatched(self) -> float:
        log.warning("AMI is down; the call's lease is long", channel=self._session.channel, s=self._terms.unwatched_s)
        return self._terms.unwatched_s

    async def _renew(self) -> None:
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        while True:
            await asyncio.sleep(asked_s + self._terms.renew_s - loop.time())  # at once where the answer came late
            if self._session.lease_left_s < LEASE_MARGIN_S:
                return  # we hung too long: the dialplan has the caller, and a deadline now would cut their talk
            asked_s = loop.time()
            async with self._asking:
                renewed = await self._call_audio.keeper.absolute_timeout(self._session.channel, self._terms.watched_s)
            if renewed:
                self._session.leased(self._terms.watched_s, asked_s)
            elif self._session.lease_left_s < self._terms.watched_s / 2:
                self._stand_up()  # nobody renews and the lease ends soon: only AGI can arm a long one

    def _stand_up(self) -> None:
        """End the EXEC and start it anew."""
        if not self._leaving:
            self._sit_again = True
            self._leg.terminate()
