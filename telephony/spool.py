"""What Asterisk did for callers by itself while no controller lived; each becomes one ticket.

The dialplan writes `<key>.txt` (lines of name=value, `outcome` last) and, for a message, `<key>.wav`.
Whoever renames the facts to `<key>.<token>.claimed` handles them; `<key>.done` ends it. A claim
whose owner died is pending again after `CLAIM_S`: handle it under the message's `key`, which
makes a repeat harmless. The recording stays where it is.
"""

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from routing.numbers import Proof
from telephony.sip_identity import InviteIdentity, proved_phone, told_caller

log = structlog.get_logger()
CLAIM_S = 60
INTERRUPTED_S = 3_600  # no outcome for that long: Asterisk itself died during the call
WAV_HEADER_BYTES = 44
NUMBER = re.compile(r"\+?[0-9*#]{1,32}", re.ASCII)
FOLDER = "spool/messages"  # inside an instance's folder


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


def pending(folder: Path, now: float | None = None) -> list[SpooledMessage]:
    """What waits to be handled, oldest first; `now` in seconds since the epoch."""
    at = time.time() if now is None else now
    stale = (path for path in folder.glob("*.claimed") if at - _claimed_at(path) > CLAIM_S)
    found = (_read(path, at) for path in (*folder.glob("*.txt"), *stale))
    return sorted((message for message in found if message is not None), key=lambda message: message.at)


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


def _claimed_at(path: Path) -> float:
    """When it was renamed; for ever in the future when it is gone."""
    try:
        return path.stat().st_ctime
    except FileNotFoundError:
        return float("inf")


def _read(path: Path, now: float) -> SpooledMessage | None:
    """None while the call goes on, or when the facts are not there."""
    key = path.name.removesuffix(".txt") if path.suffix == ".txt" else path.name.rsplit(".", 2)[0]
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        age_s = now - path.stat().st_mtime
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
        key=key,
        at=datetime.fromtimestamp(int(facts["at"]), UTC),
        outcome=facts["outcome"],
        recording=recording,
        facts=path,
        call_id=facts.get("call") or None,
        **_caller(facts),
        dnis=facts.get("dnis", ""),
        attempt_id=facts.get("attempt") or None,
        trace=facts.get("trace", ""),
        answered=facts.get("answered") == "1",
    )


def _caller(facts: Mapping[str, str]) -> dict[str, Any]:
    """From what the INVITE said; a call of our own has only its number."""
    if not facts.get("from"):
        return {"number": facts.get("number") or None, "withheld": facts.get("withheld") == "1"}
    asserted = (facts.get("asserted", ""), facts.get("asserted_too", ""))
    told = told_caller(InviteIdentity(facts["from"], asserted, facts.get("party", ""), facts.get("privacy", "")))
    proof = Proof.TRUNK if facts.get("trusted") == "yes" else Proof.NONE
    if phone := facts.get("phone"):
        told, proof = proved_phone(phone, told), Proof.PHONE
    known = told.number if proof is Proof.PHONE or NUMBER.fullmatch(told.number) else None
    return {"number": known, "withheld": told.withheld, "proof": proof}
