"""Tries at a login are counted the same by every desk, on both databases."""

import asyncio

import pytest

from routing.fake import MemoryRecords
from store import SqlRecords
from tests.contract.samples import NOW, later
from tests.unit.web.stand_ins_records import MemoryAccounts
from web.ports import Accounts
from web.rate import LoginRate


@pytest.fixture
def accounts(records: SqlRecords | MemoryRecords) -> Accounts:
    return records.accounts if isinstance(records, SqlRecords) else MemoryAccounts()


async def test_of_sixty_tries_at_once_no_more_than_the_limit_are_allowed(accounts: Accounts) -> None:
    rate = LoginRate()
    tries = await asyncio.gather(*(accounts.reserve_try("k", NOW, rate.since(NOW)) for _ in range(60)))
    assert sum(not rate.wait_s(one.others, NOW) for one in tries) <= rate.limit


async def test_tries_are_withdrawn_forgotten_and_grow_old(accounts: Accounts) -> None:
    first = await accounts.reserve_try("k", NOW, later(-300))
    await accounts.reserve_try("other", NOW, later(-300))
    second = await accounts.reserve_try("k", later(1), later(-299))
    assert (list(first.others), list(second.others)) == ([], [NOW])
    await accounts.withdraw_try(first.id)
    third = await accounts.reserve_try("k", later(2), later(-298))
    assert list(third.others) == [later(1)]
    fourth = await accounts.reserve_try("k", later(301), later(1))
    assert list(fourth.others) == [later(2)]
    await accounts.forget_tries("k")
    assert list((await accounts.reserve_try("k", later(302), later(2))).others) == []
