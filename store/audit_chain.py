"""The audit's chain as a whole: sealed where it was not yet, checked, and cut at its old end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from store.audit import content, head, moment, move_head, seal
from store.database import Database
from store.tables_dispatch import audit, audit_marks

BATCH = 1_000  # rows
ANCHOR = "anchor"  # where the chain begins once its old end was cut


@dataclass(frozen=True)
class ChainCheck:
    """How far the chain holds. `trouble` is one sentence, empty when all of it does."""

    seq: int
    seal: str
    rows: int
    trouble: str = ""


async def adopt(database: Database, key: bytes) -> int:
    """Seal what was noted before there were seals, unless the chain has begun; returns how many rows."""

    def work(connection: Connection) -> int:
        seq, sealed = head(connection)
        if seq:
            return 0
        for row in connection.execute(select(audit).where(audit.c.seq.is_(None)).order_by(audit.c.id)).all():
            seq += 1
            sealed = seal(key, sealed, content(row._asdict(), seq))
            connection.execute(update(audit).where(audit.c.id == row.id).values(seq=seq, seal=sealed))
        move_head(connection, seq, sealed)
        return seq

    return await database.write(work)


async def verify(database: Database, key: bytes, known: tuple[int, str] | None = None) -> ChainCheck:
    """Read the chain from its beginning to its end. `known`: a row's number and seal from an earlier check."""
    begin = await database.read(lambda connection: _begin(connection, key))
    if isinstance(begin, ChainCheck):
        return begin
    walk = _Walk(key, *begin, known)
    while rows := await database.read(walk.next_rows):
        if trouble := next(filter(None, map(walk.step, rows)), ""):
            return ChainCheck(walk.seq, walk.seal, walk.rows, trouble)
    trouble = await database.read(walk.ending)
    return ChainCheck(walk.seq, walk.seal, walk.rows, trouble)


def _begin(connection: Connection, key: bytes) -> tuple[int, str] | ChainCheck:
    found = connection.execute(select(audit_marks).where(audit_marks.c.name == ANCHOR)).one_or_none()
    if found is None:
        return 0, ""
    if found.proof != seal(key, ANCHOR, str(found.seq), found.seal):
        return ChainCheck(0, "", 0, "the mark of where the audit was cut is not ours: it was altered")
    return found.seq, found.seal


class _Walk:
    """Along the chain, row by row."""

    def __init__(self, key: bytes, seq: int, sealed: str, known: tuple[int, str] | None) -> None:
        self.seq, self.seal, self.rows = seq, sealed, 0
        self._key, self._known = key, known

    def next_rows(self, connection: Connection) -> list[Row[Any]]:
        query = select(audit).where(audit.c.seq > self.seq).order_by(audit.c.seq).limit(BATCH)
        return list(connection.execute(query))

    def step(self, row: Row[Any]) -> str:
        """One sentence when the row is not as it was noted."""
        if row.seq != self.seq + 1:
            return f"{row.seq - self.seq - 1} rows are missing before row {row.seq} of {row.at:%Y-%m-%d %H:%M}"
        self.seal = seal(self._key, self.seal, content(row._asdict(), row.seq))
        self.seq, self.rows = row.seq, self.rows + 1
        if row.seal != self.seal:
            return f"row {row.seq} of {row.at:%Y-%m-%d %H:%M} was altered, or put there by somebody else"
        if row.last_at and row.last_seal != seal(self._key, "last", row.id, moment(row.last_at)):
            return f"the last time of row {row.seq} was altered"
        if self._known and self._known[0] == row.seq and self._known[1] != row.seal:
            return f"row {row.seq} is not the one that an earlier check saw"
        return ""

    def ending(self, connection: Connection) -> str:
        unsealed = connection.execute(select(func.count()).where(audit.c.seq.is_(None))).scalar_one()
        if unsealed:
            return f"{unsealed} rows without a seal were put there by somebody else"
        end = head(connection)
        if end[0] > self.seq or (self._known and self._known[0] > self.seq):
            return f"the latest rows, after row {self.seq}, are missing"
        return "" if end == (self.seq, self.seal) else "the mark of the audit's end was altered"


async def cut(database: Database, key: bytes, before: datetime) -> int:
    """Delete the rows at the old end that were noted before then; where the chain begins stays provable."""

    def work(connection: Connection) -> int:
        head(connection)  # nobody appends meanwhile
        first_kept = select(func.min(audit.c.seq)).where(audit.c.at >= before).scalar_subquery()
        old = select(audit.c.seq, audit.c.seal).where(audit.c.at < before, audit.c.seq.is_not(None))
        old = old.where((audit.c.seq < first_kept) | first_kept.is_(None)).order_by(audit.c.seq.desc()).limit(1)
        last = connection.execute(old).one_or_none()
        if last is None:
            return 0
        connection.execute(delete(audit_marks).where(audit_marks.c.name == ANCHOR))
        proof = seal(key, ANCHOR, str(last.seq), last.seal)
        connection.execute(insert(audit_marks).values(name=ANCHOR, seq=last.seq, seal=last.seal, proof=proof))
        return connection.execute(delete(audit).where(audit.c.seq <= last.seq)).rowcount

    return await database.write(work)
