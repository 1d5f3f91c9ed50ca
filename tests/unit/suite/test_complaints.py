"""Each complaint in the docs names tests that there are."""

import re

import pytest

from config.settings import PROJECT

NAMED = re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`", (PROJECT / "docs/complaints.md").read_text())


def test_there_are_tests_for_all_fifteen() -> None:
    rows = re.findall(r"^\| (\d+) \|.*`tests/.*$", (PROJECT / "docs/complaints.md").read_text(), re.MULTILINE)
    assert [int(row) for row in rows] == list(range(1, 16))


@pytest.mark.parametrize(("path", "test"), NAMED)
def test_a_named_test_exists(path: str, test: str) -> None:
    assert re.search(rf"^(async )?def {test}\(", (PROJECT / path).read_text(), re.MULTILINE)
