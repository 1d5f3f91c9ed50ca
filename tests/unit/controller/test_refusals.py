"""Refused callers are counted, and told once in a while."""

from collections.abc import Mapping

import pytest
from structlog.testing import capture_logs

from controller.refusals import Refusals
from telephony.ami import AmiEvent


def refused(**changed: str) -> AmiEvent:
    fields: Mapping[str, str] = {
        "UserEvent": "OneNumberRefused", "Why": "source", "Kind": "stranger", "Source": "address-10.0.0.9",
    }  # fmt: skip
    return AmiEvent("UserEvent", {**fields, **changed})


async def test_a_flood_is_counted_and_told_once() -> None:
    refusals = Refusals()
    with capture_logs() as logs:
        for _ in range(50):
            refusals.take(refused())
        refusals.take(refused(Why="full"))
    assert refusals.counts == {"source": 50, "full": 1}
    assert [(entry["why"], entry["so_far"]) for entry in logs] == [("source", 1), ("full", 1)]
    assert logs[0]["pii_source"] == "address-10.0.0.9"


@pytest.mark.parametrize("other", [{"UserEvent": "Another"}, {"Why": ""}, {"Why": "x" * 900}])
async def test_what_is_not_a_refusal_of_ours_is_passed_over(other: dict[str, str]) -> None:
    refusals = Refusals()
    refusals.take(refused(**other))
    assert not refusals.counts
