"""What Asterisk did for callers by itself while no controller lived; each becomes one ticket.

The dialplan writes `<key>.txt` (lines of name=value, `outcome` last) and, for a message, `<key>.wav`.
Whoever renames the facts to `<key>.<token>.claimed` handles them; `<key>.done` ends it. A claim
whose owner died is pending again after `CLAIM_S`: handle it under the message's `key`, which
makes a repeat harmless. The recording stays where it is.
"""

import re
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from routing.numbers import Proof
from telephony.sip_identity import InviteIdentity, identity_of

log = structlog.get_logger()
CLAIM_S = 60
INTERRUPTED_S = 3_600  # no outcome for that long: Asterisk itself died during the call
WAV_HEADER_BYTES = 44
NUMBER = re.compile(r"\+?[0-9*#]{1,32}", re.ASCII)


@dataclass(frozen=True)
class DialplanCall:
    """A call as the dialplan knows it."""

    key: str  # Asterisk's unique id of its channel
    at: datetime  # when the dialplan took it
    call_id: str | None = None  # when a controller had already opened the call
    number: str | None = None  # digits and +
    withheld: bool = False
    proof: Proof = Proof.NONE  # of the number
    dnis: str = ""
    attempt_id: str | None = None
    trace: str = ""


@dataclass(frozen=True)
class SpooledMessage:
    """One call that the dialplan handled.

    `outcome`: `message` (recorded), `talked` (someone of the fallback group answered), `left`
    (hung up before), `emergency` (the urgent group was rung), `resumed` (a controller took it
    back: nothing is owed).
    """

    key: str
    at: datetime
    outcome: str
    recording: Path | None
    facts: Path
    call_id: str | None = None  # when a controller had already opened the call
    number: str | None = None  # as told
    withheld: bool = False
    proof: Proof = Proof.NONE  # of the number
    dnis: str = ""
    attempt_id: str | None = None
    trace: str = ""
    answered: bool = False  # the last phone rung was taken

    @property
    def call(self) -> DialplanCall:
        return DialplanCall(**{each.name: getattr(self, each.name) for each in fields(DialplanCall)})


class Ages:
    """How old files are: by the machine's clock when first seen, from there on by one that nobody sets."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._steady = wall, steady
        self._seen: dict[tuple[str, float], tuple[float, float]] = {}  # file, its time → its age then, when that was

    def of(self, path: Path, written_at: float) -> float:
        """In seconds; `written_at` as the file system has it, in seconds since the epoch."""
        first_age, seen_at = self._seen.setdefault(
            (path.name, written_at), (max(0.0, self._wall() - written_at), self._steady())
        )
        return first_age + self._steady() - seen_at

    def forget(self, present: Collection[Path]) -> None:
        names = {path.name for path in present}
        self._seen = {key: seen for key, seen in self._seen.items() if key[0] in names}


def pending(folder: Path, ages: Ages | None = None) -> list[SpooledMessage]:
    """What waits to be handled, oldest first; who looks again and again passes what it knows of the files' ages."""
    ages = ages or Ages()
    files = [*folder.glob("*.txt"), *folder.glob("*.claimed")]
    ages.forget(files)
    found = (_read(path, ages) for path in files if path.suffix == ".txt" or _is_stale(path, ages))
    return sorted((message for message in found if message is not None), key=lambda message: message.at)


def _is_stale(path: Path, ages: Ages) -> bool:
    """Whether whoever claimed it must have died."""
    try:
        return ages.of(path, path.stat().st_ctime) > CLAIM_S
    except FileNotFoundError:
        return False


def claim(message: SpooledMessage) -> SpooledMessage | None:
    """Take a pending message; None when someone else was quicker."""
    mine = message.facts.with_name(f"{message.key}.{secrets.token_hex(4)}.claimed")
    try:
        message.facts.rename(mine)
    except FileNotFoundError:
        return None
    return replace(message, facts=mine)


def done(message: SpooledMessage) -> None:
    """It has become a ticket, or owes none."""
    message.facts.rename(message.facts.with_name(f"{message.key}.done"))


def _read(path: Path, ages: Ages) -> SpooledMessage | None:
    """None while the call goes on, or when the facts are not there."""
    key = path.name.removesuffix(".txt") if path.suffix == ".txt" else path.name.rsplit(".", 2)[0]
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        age_s = ages.of(path, path.stat().st_mtime)
    except FileNotFoundError:
        return None
    except OSError as error:  # the others are not to wait for it
        log.error("a spooled message cannot be read", key=key, why=repr(error))
        return None
    facts = dict(line.split("=", 1) for line in lines if "=" in line)
    wav = path.with_name(f"{key}.wav")
    recorded = _recorded(wav)
    outcome = facts.get("outcome") or ("message" if age_s > INTERRUPTED_S else None)
    if outcome is None or not facts.get("at", "").isdecimal():
        return None
    if outcome == "message" and not recorded:
        outcome = "left"  # hung up before a word
    return _message(key, path, facts | {"outcome": outcome}, wav if recorded else None)


def _recorded(path: Path) -> bool:
    try:
        return path.stat().st_size > WAV_HEADER_BYTES
    except FileNotFoundError:
        return False


def _message(key: str, path: Path, facts: Mapping[str, str], recording: Path | None) -> SpooledMessage:
    return SpooledMessage(
        **vars(_dialplan_call(key, facts)),
        outcome=facts["outcome"],
        recording=recording,
        facts=path,
        answered=facts.get("answered") == "1",
    )


def announced(channel: str, facts: str) -> DialplanCall | None:
    """The call on a channel from what the dialplan announces of it (`at=…&call=…`); None where that is none."""
    pairs = dict(pair.split("=", 1) for pair in facts.split("&") if "=" in pair)
    return _dialplan_call(channel, pairs) if pairs.get("at", "").isdecimal() and channel else None


def _dialplan_call(key: str, facts: Mapping[str, str]) -> DialplanCall:
    return DialplanCall(
        key=key,
        at=datetime.fromtimestamp(int(facts["at"]), UTC),
        call_id=facts.get("call") or None,
        **_caller(facts),
        dnis=facts.get("dnis", ""),
        attempt_id=facts.get("attempt") or None,
        trace=facts.get("trace", ""),
    )


def _caller(facts: Mapping[str, str]) -> dict[str, Any]:
    """From what the INVITE said; a call of our own, and what is announced in haste, has only its number."""
    if not facts.get("from"):
        return _briefly(facts)
    asserted = (facts.get("asserted", ""), facts.get("asserted_too", ""))
    invite = InviteIdentity(facts["from"], asserted, facts.get("party", ""), facts.get("privacy", ""))
    caller, proof = identity_of(invite, facts.get("phone", ""), facts.get("trusted") == "yes")
    known = caller.number if proof is Proof.PHONE or NUMBER.fullmatch(caller.number) else None
    return {"number": known, "withheld": caller.withheld, "proof": proof}


def _briefly(facts: Mapping[str, str]) -> dict[str, Any]:
    phone = facts.get("phone")
    trusted = Proof.TRUNK if facts.get("trusted") == "yes" else Proof.NONE
    number, proof = (phone, Proof.PHONE) if phone else (facts.get("number") or None, trusted)
    return {"number": number, "withheld": facts.get("withheld") == "1", "proof": proof}
