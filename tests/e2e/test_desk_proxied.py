"""The desk behind a proxy on this machine: who guesses passwords is told apart by the address that the proxy names."""

import httpx
import pytest

from tests.e2e.desk_server import Served
from tests.unit.web.stand_ins_records import PASSWORD

pytestmark = pytest.mark.e2e


def log_in(line: Served, address: str, password: str) -> int:
    credentials = {"login": "anna", "password": password}
    return httpx.post(f"{line.url}/api/v1/sessions", json=credentials, headers={"X-Forwarded-For": address}).status_code


def test_guesses_from_one_address_keep_nobody_else_out(line: Served) -> None:
    assert [log_in(line, "10.0.0.1", "guess") for _ in range(7)] == [401] * 6 + [429]
    assert log_in(line, "10.0.0.1", PASSWORD) == 429
    assert log_in(line, "10.0.0.2", PASSWORD) == 201
