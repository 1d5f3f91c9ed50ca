"""An edition as files: what is written is what is read, and nothing of a person's is lost unasked."""

import shutil
from pathlib import Path

import pytest

from config.documents import load_edition
from config.files import OtherDocuments, differences, write
from config.settings import PROJECT

DEMO = load_edition(PROJECT / "config")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "config"
    shutil.copytree(PROJECT / "config", target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return target


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    write(DEMO, tmp_path / "new" / "folder")
    assert load_edition(tmp_path / "new" / "folder") == DEMO


def test_files_that_mean_the_same_keep_their_comments(folder: Path) -> None:
    before = (folder / "site.yaml").read_text()
    assert "#" in before
    assert write(DEMO, folder) == []
    assert (folder / "site.yaml").read_text() == before


def test_other_documents_are_only_lost_when_that_is_asked_for(folder: Path) -> None:
    (folder / "topics/mine.yaml").write_text((folder / "topics/printer.yaml").read_text().replace("printer", "mine", 1))
    (folder / "assets.yaml").write_text("[]\n")
    with pytest.raises(OtherDocuments) as others:
        write(DEMO, folder)
    assert sorted(others.value.files) == ["assets.yaml", "topics/mine.yaml"]
    assert (folder / "assets.yaml").read_text() == "[]\n"
    assert sorted(write(DEMO, folder, replace=True)) == ["assets.yaml", "topics/mine.yaml"]
    assert load_edition(folder) == DEMO


def test_differences_name_the_field() -> None:
    waiting = DEMO.site.waiting.model_copy(update={"limit_s": 42})
    anna, *others = DEMO.site.agents
    people = (anna.model_copy(update={"name": "Anna Other"}), *others)
    site = DEMO.site.model_copy(update={"waiting": waiting, "agents": people, "fallback_phones": ("elsewhere",)})
    changed = DEMO.model_copy(update={"site": site, "places": DEMO.places[1:]})
    told = list(differences(DEMO, changed))
    gone, phone = DEMO.places[0].id, DEMO.site.fallback_phones[0]
    assert any(line.startswith(f"places.yaml: {gone}: ") and line.endswith("→ nothing") for line in told)
    assert f"site.yaml: waiting.limit_s: {DEMO.site.waiting.limit_s} → 42" in told
    assert any(line.startswith("site.yaml: agents.anna.name: “Anna") for line in told)
    assert any(f"− “{phone}”" in line and "+ “elsewhere”" in line for line in told)
    assert len(told) == 4
    assert list(differences(DEMO, DEMO)) == []
