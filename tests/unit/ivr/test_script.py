"""What a call knows of the house before anybody speaks."""

from config.documents import load_edition
from config.settings import PROJECT
from ivr.flow import Flow
from ivr.script import Script

EDITION = load_edition(PROJECT / "config")
SCRIPT = Script(Flow.model_validate(EDITION.flows["main"]), EDITION)


def test_of_each_numbered_series_two_names_are_enough() -> None:
    names = SCRIPT.names("en")
    assert [name for name in names if name.startswith("ward")] == ["ward 1", "ward 2"]
    assert len([name for name in names if name.startswith("room")]) == 2
    assert "the heart clinic" in names


def test_a_language_without_names_of_its_own_leans_towards_what_there_is() -> None:
    assert len(SCRIPT.names("fi")) == len(SCRIPT.names("en"))
