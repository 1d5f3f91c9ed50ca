"""What people type at the desk, kept while they type it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class Drafts(Protocol):
    """What people type, kept while they type it. A note's draft is the note when its wrap-up has none."""

    async def keep(self, owner: str, form: str, fields: Mapping[str, str], at: datetime) -> None:
        """`owner` is a login; nothing typed in any field is no draft."""

    async def of(self, owner: str, form: str) -> Mapping[str, str]:
        """Empty when there is none."""
