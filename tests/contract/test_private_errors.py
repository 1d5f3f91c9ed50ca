"""What a database refuses is not told in its errors."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from config.settings import Settings
from runtime.logs import configure_logs, outlined
from store.database import connect
from store.tables import call_private
from tests.contract.samples import NOW

PRIVATE = {"number": "+31205550204", "name": "Ms Jansen", "dialogue": {"words": "the drain is blocked"}}


@pytest.fixture
def logs_of_our_own() -> Iterator[None]:
    """What configures the process's logs does it for this test only."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


async def refused(database_url: str) -> IntegrityError:
    """The error of a row that lacks a column."""
    database = connect(database_url)
    row = {"call_id": "nobody", "raw": None, "purge_after": NOW, **PRIVATE}
    with pytest.raises(IntegrityError) as caught:
        await database.write(lambda connection: connection.execute(insert(call_private).values(row)).rowcount)
    await database.close()
    return caught.value


def tells(text: str) -> list[str]:
    return [word for word in ("5550204", "Jansen", "drain") if word in text]


async def test_an_error_in_the_logs_tells_no_values(database_url: str) -> None:
    error = await refused(database_url)
    told = outlined(error)
    assert "raw" in told
    assert "IntegrityError" in told
    assert not tells(told)


async def test_every_logged_exception_is_outlined(database_url: str, logs_of_our_own: None) -> None:
    error = await refused(database_url)
    lines = io.StringIO()
    configure_logs(Settings().log_private, lines)
    structlog.get_logger().error("not kept", exc_info=error, pii_number="+31205550204")
    assert json.loads(lines.getvalue())["event"] == "not kept"
    assert not tells(lines.getvalue())


def test_groups_and_causes_are_told() -> None:
    below = "\nsecret"
    try:
        try:
            raise ValueError("one" + below)
        except ValueError as error:
            raise ExceptionGroup("several", [KeyError("two"), OSError("three" + below)]) from error
    except ExceptionGroup as group:
        told = outlined(group)
    assert all(word in told for word in ("ValueError: one", "KeyError", "OSError: three", "several"))
    assert "secret" not in told
