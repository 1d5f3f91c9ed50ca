"""`onenumber erase`: every store, in any spelling, with a receipt that tells no number."""

import asyncio
import gzip
import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
import redis
from typer.testing import CliRunner

from cli.main import app
from config.settings import Settings
from routing.model import Intake, OutboundCallState, Stage
from runtime import credentials
from store import SqlRecords, audit_chain, migrate, open_records
from store.news import STREAM
from tests.conftest import RedisServer
from tests.contract.samples import NOW, a_call, a_callback, a_caller, a_draft, an_event, later

T = TypeVar("T")
NUMBER, OTHER = "+31612345678", "+31205550204"
THEIRS = a_caller(raw="06 12345678", number=NUMBER, name="Ms Jansen", contact=None)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis_server: RedisServer) -> Settings:
    monkeypatch.setenv("ONENUMBER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ONENUMBER_REDIS_URL", redis_server.url)
    credentials.load_or_make(tmp_path / "secrets.env", [])
    found = credentials.settings()
    migrate.upgrade(found.database)
    for folder in ("recordings", "log", "asterisk-instance/log", "asterisk-instance/spool/messages"):
        (tmp_path / folder).mkdir(parents=True)
    return found


def on(settings: Settings, work: Callable[[SqlRecords], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_records(settings.database, audit_key=settings.audit_secret.get_secret_value()) as records:
            return await work(records)

    return asyncio.run(run())


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["erase", *arguments])
    return done.exit_code, done.output + done.stderr


def a_matter(settings: Settings, closed: bool = True) -> tuple[str, str]:
    """A call of the number with all that may come of it; the ids of call and ticket."""

    async def work(records: SqlRecords) -> tuple[str, str]:
        call = a_call(caller=THEIRS, dialogue={"facts": {"callback": "0612345678"}})
        await records.calls.open(call, [an_event(call.id, private={"text": "I am Ms Jansen of ward four"})])
        matter = a_draft(intake=Intake.of_call(THEIRS), callback_number=NUMBER)
        ticket = await records.tickets.open(matter, call.id, NOW)
        wav = settings.data_dir / f"recordings/{call.id}-1.wav"
        wav.write_bytes(b"RIFF")
        await records.tickets.add_message(ticket.id, str(wav), NOW)
        await records.calls.end(call.id, "served", later(9), [])
        if closed:
            for stage in (Stage.ACCEPTED, Stage.CLOSED):
                await records.tickets.move(ticket.id, stage, "agent:anna", NOW, "told Ms Jansen")
        return call.id, ticket.id

    return on(settings, work)


def somebody_else(settings: Settings) -> str:
    async def work(records: SqlRecords) -> str:
        call = a_call(caller=a_caller(number=OTHER, raw=OTHER))
        words = [{"text": "ring me"}, {"text": "please ring 06-12 34 56 78 instead"}]
        await records.calls.open(call, [an_event(call.id, private=each) for each in words])
        await records.calls.end(call.id, "served", later(9), [])
        return call.id

    return on(settings, work)


def files(settings: Settings, call: str) -> None:
    spool = settings.data_dir / "asterisk-instance/spool/messages"
    (spool / "1700000000.1.done").write_text(f"at=1700000000\nnumber={NUMBER}\n")
    (spool / "1700000000.1.wav").write_bytes(b"RIFF")
    (spool / "1700000000.2.done").write_text(f"at=1700000000\nnumber={OTHER}\n")
    (spool / "1700000000.3.done").write_text(f"at=1700000000\nnumber=\nasserted=<tel:{NUMBER};cpc=ordinary>\n")
    said = {"pii_words": 'Ms \\"Jansen\\" of ward four', "call": call, "n": 1}
    lines = [{"pii_number": "0612345678"}, said, {"pii_words": "somebody else", "call": "another"}]
    (settings.data_dir / "log/controller.log").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (settings.data_dir / "asterisk-instance/log/messages.log").write_text("from sip:0612345678@10.0.0.1\n")
    (settings.data_dir / "log/controller.log.1.gz").write_bytes(gzip.compress(b"+31 6 12345678 called\n"))


def whole(settings: Settings) -> bytes:
    """All that is on disk, compressed logs as they are read."""
    paths = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    return b"".join(gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in paths)


@pytest.mark.parametrize("spelling", ["0612345678", "+31 6 1234 5678", "0031612345678"])
def test_every_store_forgets_the_number_in_any_spelling(settings: Settings, spelling: str) -> None:
    call, ticket = a_matter(settings)
    other = somebody_else(settings)
    files(settings, call)
    with redis.Redis.from_url(settings.redis_url) as news:
        news.xadd(STREAM, {"topic": "x", "number": NUMBER})
        news.xadd(STREAM, {"topic": "call", "call": call})
    code, said = run(spelling)
    assert (code, "nothing is erased yet" in said) == (0, True)
    assert b"Jansen" in whole(settings)
    code, said = run(spelling, "--yes")
    assert code == 0, said
    left = whole(settings)
    for written in (b"Jansen", b"0612345678", b"31612345678", b"12 34 56 78", b"+31 6 12345678", b"RIFF"):
        assert written not in left, written
    assert OTHER.encode() in left
    assert b'"n": 1}' in left  # the rest of the line is as it was
    assert b"somebody else" in left
    with redis.Redis.from_url(settings.redis_url) as news:
        assert [fields[b"topic"] for _, fields in news.xrange(STREAM)] == [b"call", b"erased"]

    async def look(records: SqlRecords) -> None:
        assert (await records.calls.load(call)).caller.number is None
        assert (await records.tickets.load(ticket)).draft.words == ""
        assert [event.private for event in await records.calls.timeline(other)] == [{"text": "ring me"}, {}]
        (entry,) = await records.audit.entries(9)
        assert (entry.action, entry.detail["recordings"], entry.detail["forced"]) == ("erased", "1", "false")
        verdict = await audit_chain.verify(records.database, settings.audit_secret.get_secret_value().encode())
        assert verdict.trouble == ""

    on(settings, look)
    with sqlite3.connect(settings.data_dir / "onenumber.db") as database:
        ((mark, counts, actor),) = database.execute("SELECT number_mark, counts, actor FROM erasures").fetchall()
    assert len(mark) == 64
    assert json.loads(counts)["ticket_private"] == 1
    assert actor.startswith("operator:")


def test_what_is_owed_is_said_and_not_erased_without_force(settings: Settings) -> None:
    _, ticket_id = a_matter(settings, closed=False)
    spool = settings.data_dir / "asterisk-instance/spool/messages"
    (spool / "1700000000.7.txt").write_text("at=1700000000\nnumber=0612345678\noutcome=message\n")

    async def owe(records: SqlRecords) -> str:
        ticket = await records.tickets.load(ticket_id)
        return (await records.outbound_calls.store(a_callback(ticket, number=NUMBER))).id

    callback = on(settings, owe)
    code, said = run("0612345678", "--yes")
    assert code == 1
    for sentence in ("open tickets", "calls that are owed: 1", "no ticket yet: 1", "--force"):
        assert sentence in said
    assert b"Jansen" in whole(settings)
    code, said = run("0612345678", "--yes", "--force")
    assert code == 0, said
    assert b"Jansen" not in whole(settings)
    assert on(settings, lambda records: records.outbound_calls.load(callback)).state is OutboundCallState.CANCELLED


def test_a_number_that_nobody_has_leaves_a_receipt_of_nothing(settings: Settings) -> None:
    code, said = run("0699999999", "--yes")
    assert (code, "receipt" in said) == (0, True)
    assert run("no number", "--yes")[0] == 1


def test_the_audit_is_checked_from_the_command_line(settings: Settings) -> None:
    run("0699999999", "--yes")
    done = CliRunner().invoke(app, ["audit", "verify"])
    assert (done.exit_code, "1 rows" in done.output) == (0, True)
    with sqlite3.connect(settings.data_dir / "onenumber.db") as database:
        database.execute("DELETE FROM audit")
        database.execute("UPDATE audit_marks SET seq = 0, seal = ''")
    done = CliRunner().invoke(app, ["audit", "verify"])
    assert (done.exit_code, "are missing" in done.stderr) == (1, True)
