"""Documents that are well-formed and cannot be meant: each is refused with its file, its field and what is allowed."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.documents import DocumentsRefused, load_edition
from config.settings import PROJECT, LineSettings, Settings
from runtime.editions import in_force
from runtime.publishing import settle
from store.migrate import upgrade


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the demo hospital's documents, to be changed."""
    target = tmp_path / "config"
    shutil.copytree(PROJECT / "config", target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return target


def change(folder: Path, file: str, path: str, value: Any) -> None:
    """Set one field of one document; `path` is dotted, numbers are positions."""
    document = yaml.safe_load((folder / file).read_text())
    at, *names = document, *path.split(".")
    for name in names[:-1]:
        at = at[int(name)] if isinstance(at, list) else at[name]
    at[int(names[-1]) if isinstance(at, list) else names[-1]] = value
    (folder / file).write_text(yaml.safe_dump(document, allow_unicode=True))


@pytest.mark.parametrize(
    ("file", "path", "value", "says"),
    [
        ("site.yaml", "hours.week.mon", ["08:00", "08:00"], "opens and closes at 08:00"),
        ("site.yaml", "hours.week.mon", ["8", "25:00"], "are not two times"),
        ("site.yaml", "hours.week.mon", ["24:00", "08:00"], "are not two times"),
        ("site.yaml", "hours.week.mon", ["22:00", "09:00"], "mon closes after tue opens"),
        ("site.yaml", "hours.week", {}, "no day opens"),
        ("site.yaml", "hours.country", "XX", "“XX” is no country"),
        ("site.yaml", "hours.subdivision", "Utrecht", "NL has no “Utrecht”"),
        ("site.yaml", "zone", "Mars/Olympus", "no such time zone: Mars/Olympus"),
        ("site.yaml", "region", "ZZ", "region: “ZZ”"),
        ("site.yaml", "national_emergency", "one one two", "two to six digits"),
        ("site.yaml", "emergency.key", "0", "not one of the keys 1 to 9"),
        ("site.yaml", "emergency.ring_s", 0, "0 is not between 1 and 120"),
        ("site.yaml", "emergency.urgent_phones", [], "emergency.urgent_phones: is empty"),
        ("site.yaml", "emergency.urgent_phones", ["urgent1", "urgent1"], "“urgent1” is there twice"),
        ("site.yaml", "waiting.ring_s", -5, "-5 is not between 1 and 300"),
        ("site.yaml", "waiting.limit_s", "soon", "waiting.limit_s: Input should be a valid integer"),
        ("site.yaml", "waiting.offer_callback_after_s", 700, "is longer than waiting.limit_s"),
        ("site.yaml", "waiting.surge_ahead", -1, "-1 is not between 0 and 100000"),
        ("site.yaml", "waiting.overflow", {"it": [{"to": "night", "after_s": 60}]}, "there is no crew “night”"),
        ("site.yaml", "waiting.overflow", {"it": [{"to": "it", "after_s": 60}]}, "“it” is there twice"),
        ("site.yaml", "waiting.overflow", {"it": [{"to": "dispatch", "after_s": -1}]}, "after_s: is not between 0"),
        ("site.yaml", "callback.attempts", 0, "0 is not between 1 and 20"),
        ("site.yaml", "callback.again.busy.after_s", 0, "callback.again.busy.after_s: 0 is not between 1 and 86400"),
        ("site.yaml", "callback.again.machine.times", 21, "21 is not between 1 and 20"),
        ("site.yaml", "callback.again.engaged", {}, "callback.again.engaged"),
        ("site.yaml", "callback.dial_patterns", ["[2-8"], "is no regular expression"),
        ("site.yaml", "callback.dial_patterns", ["1[0-9]{2}"], "allows the emergency number 112"),
        ("site.yaml", "default_crew", "night", "there is no crew “night”"),
        ("site.yaml", "agents.0.skills", {"gardening": 2}, "agents.anna.skills: they are not of the crew “gardening”"),
        ("site.yaml", "agents.0.crews", ["gardening"], "agents.anna: there is no crew “gardening”"),
        ("site.yaml", "agents.1.phone", "agent1", "“agent1” is there twice"),
        ("site.yaml", "contacts.0.place", "ward-99", "there is no place “ward-99”"),
        ("site.yaml", "languages", ["en", "xx"], "there is no languages/xx.yaml"),
        ("topics/printer.yaml", "crew", "gardening", "topics/printer.yaml: crew"),
        ("topics/printer.yaml", "limits.accepted", 9_000, "must grow"),
        ("topics/printer.yaml", "limits.completed", -1, "topics/printer.yaml: limits.completed"),
        ("topics/printer.yaml", "critical", "and by day", "topics/printer.yaml: critical"),
        ("topics/printer.yaml", "promise", "someday", "there is no prompt “promise_someday”"),
        ("topics/printer.yaml", "id", "plumbing", "topics/printer.yaml: id: must be “printer”"),
        ("places.yaml", "1.code", "01", "codes: “01” is there twice"),
        ("places.yaml", "1.code", "A1", "“A1” is not 1 to 16 digits"),
        ("places.yaml", "1.parent", "nowhere", "there is no place “nowhere”"),
        ("places.yaml", "1.parent", "ward-2", "lie in itself"),
        ("places.yaml", "1.id", "ward-1", "ids: “ward-1” is there twice"),
        ("assets.yaml", "0.place", "nowhere", "there is no place “nowhere”"),
        ("prompts/en.yaml", "goodbye", "Goodbye {caller}.", "{caller} is none of the values"),
        ("prompts/en.yaml", "goodbye", "Goodbye {", "prompts/en.yaml: goodbye"),
        ("languages/en.yaml", "emergency", [], "languages/en.yaml: emergency: is empty"),
        ("languages/en.yaml", "language", "nl", "named for “en”"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_one_sentence(
    folder: Path, file: str, path: str, value: Any, says: str
) -> None:
    change(folder, file, path, value)
    with pytest.raises(DocumentsRefused) as refused:
        load_edition(folder)
    fault = next(fault for fault in refused.value.faults if says in fault)
    assert fault.startswith(f"{file}: ")
    assert "\n" not in fault


def test_a_document_that_is_no_yaml_is_named(folder: Path) -> None:
    (folder / "places.yaml").write_text("- id: [")
    with pytest.raises(DocumentsRefused, match=r"^places\.yaml: is not YAML"):
        load_edition(folder)


@pytest.mark.parametrize(
    ("file", "path", "value", "says"),
    [
        ("flows/main.yaml", "steps.goodbye.prompt", "farewell", "prompt “farewell” does not exist"),
        ("flows/main.yaml", "steps.queue.crew", "night", "crew “night” does not exist"),
        ("languages/en.yaml", "yes", ["<agreement>"], "unknown word set: <agreement>"),
    ],
)
def test_a_start_with_bad_documents_keeps_those_in_force(
    folder: Path, tmp_path: Path, file: str, path: str, value: Any, says: str
) -> None:
    settings = Settings(data_dir=tmp_path, line=LineSettings(config_dir=folder))
    good = in_force(settings)
    upgrade(settings.database)
    asyncio.run(settle(settings, good.edition, print))
    change(folder, file, path, value)
    bad = in_force(settings)
    assert (good.refused, bad.edition) == ((), good.edition)
    assert says in bad.warning


def test_without_any_that_were_right_bad_documents_are_refused(folder: Path, tmp_path: Path) -> None:
    change(folder, "site.yaml", "waiting.limit_s", -1)
    with pytest.raises(DocumentsRefused, match=r"waiting\.limit_s"):
        in_force(Settings(data_dir=tmp_path, line=LineSettings(config_dir=folder)))


def test_a_field_that_stands_twice_is_refused_instead_of_its_first_being_forgotten(folder: Path) -> None:
    with (folder / "site.yaml").open("a") as file:
        file.write("\nwaiting: {limit_s: 5}\n")
    with pytest.raises(DocumentsRefused, match=r"site\.yaml: .*“waiting” stands twice"):
        load_edition(folder)
