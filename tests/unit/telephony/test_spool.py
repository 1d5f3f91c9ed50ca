"""Each call that the dialplan handled alone is handed out once, and is not lost with its handler."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from routing.numbers import Proof
from telephony.spool import CLAIM_S, INTERRUPTED_S, Ages, SpooledMessage, claim, done, pending

FACTS = "at=1795317181\ncall=0190-ab\ndnis=100\nnumber=+31612345678\nwithheld=1\nattempt=\ntrace=abc\n"


def spooled(folder: Path, key: str = "1795317181.7", facts: str = FACTS, outcome: str = "message") -> Path:
    path = folder / f"{key}.txt"
    path.write_text(facts + (f"outcome={outcome}\n" if outcome else ""))
    (folder / f"{key}.wav").write_bytes(b"\0" * 1044)
    return path


def later(s: float) -> Ages:
    """As files look that long from now."""
    return Ages(wall=lambda: time.time() + s)


def test_a_message_is_read_with_its_facts(tmp_path: Path) -> None:
    path = spooled(tmp_path)
    assert pending(tmp_path) == [
        SpooledMessage(
            key="1795317181.7",
            at=datetime(2026, 11, 22, 3, 13, 1, tzinfo=UTC),
            outcome="message",
            recording=tmp_path / "1795317181.7.wav",
            facts=path,
            call_id="0190-ab",
            number="+31612345678",
            withheld=True,
            dnis="100",
            trace="abc",
        )
    ]


@pytest.mark.parametrize(
    ("said", "number", "withheld", "proof"),
    [
        ("from=<sip:0612345678@h>", "0612345678", False, Proof.NONE),
        ("from=<sip:2-04@h>", None, False, Proof.NONE),
        ("from=<sip:204@h>\nphone=204", "204", False, Proof.PHONE),
        ("from=<sip:anonymous@h>\ntrusted=yes\nasserted=<tel:+31612345678>", "+31612345678", False, Proof.TRUNK),
        ("from=<sip:1@h>\ntrusted=yes\nasserted=<tel:+316>\nprivacy=id", "+316", True, Proof.TRUNK),
        ('from="a\u2028number=204" <sip:1@h>', "1", False, Proof.NONE),
    ],
)
def test_who_called_is_read_as_in_a_call_that_a_controller_took(
    tmp_path: Path, said: str, number: str | None, withheld: bool, proof: Proof
) -> None:
    spooled(tmp_path, facts=f"at=1795317181\ndnis=100\nnumber=204\nwithheld=0\n{said}\n")
    (message,) = pending(tmp_path)
    assert (message.number, message.withheld, message.proof) == (number, withheld, proof)


def test_the_oldest_comes_first(tmp_path: Path) -> None:
    spooled(tmp_path, "1.9", FACTS.replace("1795317181", "1795317999"))
    spooled(tmp_path, "1.10", FACTS)
    assert [message.key for message in pending(tmp_path)] == ["1.10", "1.9"]


def test_one_that_cannot_be_read_does_not_hold_up_the_others(tmp_path: Path) -> None:
    (tmp_path / "1.1.txt").mkdir()
    spooled(tmp_path, "1.10")
    assert [message.key for message in pending(tmp_path)] == ["1.10"]


def test_a_call_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    spooled(tmp_path, outcome="")
    assert pending(tmp_path) == []


def test_a_call_during_which_asterisk_died_is_found_later(tmp_path: Path) -> None:
    spooled(tmp_path, outcome="")
    assert [message.outcome for message in pending(tmp_path, later(INTERRUPTED_S + 1))] == ["message"]


def test_a_set_clock_ages_no_file(tmp_path: Path) -> None:
    """A call that goes on is no message because the machine's clock went forward meanwhile."""
    spooled(tmp_path, outcome="")
    wall, steady = time.time(), 0.0
    ages = Ages(lambda: wall, lambda: steady)
    assert pending(tmp_path, ages) == []
    wall += 100 * INTERRUPTED_S
    assert pending(tmp_path, ages) == []
    steady += INTERRUPTED_S + 1
    assert [message.outcome for message in pending(tmp_path, ages)] == ["message"]


def test_a_message_without_sound_is_a_caller_who_left(tmp_path: Path) -> None:
    spooled(tmp_path)
    (tmp_path / "1795317181.7.wav").write_bytes(b"\0" * 44)
    (message,) = pending(tmp_path)
    assert (message.outcome, message.recording) == ("left", None)


def test_only_one_claims_it(tmp_path: Path) -> None:
    spooled(tmp_path)
    (first,), (second,) = pending(tmp_path), pending(tmp_path)
    assert claim(first) is not None
    assert claim(second) is None
    assert pending(tmp_path) == []


def test_a_claim_whose_owner_died_is_pending_again_under_the_same_key(tmp_path: Path) -> None:
    spooled(tmp_path)
    (message,) = pending(tmp_path)
    claim(message)
    (again,) = pending(tmp_path, later(CLAIM_S + 1))
    assert (again.key, again.recording) == (message.key, message.recording)
    taken = claim(again)
    assert taken is not None
    done(taken)
    assert pending(tmp_path, later(10 * CLAIM_S)) == []
    assert (tmp_path / "1795317181.7.wav").exists()


def test_torn_or_foreign_facts_are_not_a_message(tmp_path: Path) -> None:
    spooled(tmp_path, "a", facts="")
    spooled(tmp_path, "b", facts="at=soon\n")
    (tmp_path / "c.txt").write_bytes(os.urandom(64))
    assert pending(tmp_path) == []


def test_an_unfinished_import_finds_nothing_twice(tmp_path: Path) -> None:
    spooled(tmp_path)
    (message,) = pending(tmp_path)
    taken = claim(message)
    assert taken is not None
    done(taken)
    assert claim(message) is None
