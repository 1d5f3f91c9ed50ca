"""No address makes a database stumble: PostgreSQL takes no NUL, in paths as in queries."""

import httpx
import pytest

PATHS = (
    "/tickets?assignee=%00", "/tickets?text=a%00b", "/calls/%00", "/tickets/1%0023", "/api/v1/tickets/%00",
    "/api/v1/calls?caller=%00", "/missed?kind=%00",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
async def test_it_is_no_page(anna: httpx.AsyncClient, path: str) -> None:
    answer = await anna.get(path)
    assert answer.status_code == 404
    assert "\0" not in answer.text


async def test_nor_does_a_form_go_there(anna: httpx.AsyncClient) -> None:
    assert (await anna.post("/floor/help/%00/take")).status_code == 404
