"""Which documents count: what a start does with its folder, and what the commands do."""

import asyncio
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
import yaml

from cli import document_commands
from config.documents import Edition, digest, load_edition
from config.settings import PROJECT, Settings
from runtime import editions
from runtime.editions import Folder, Seen, Standing, in_force, standing
from runtime.publishing import settle
from store import migrate, open_records, publications
from store.editions import name_of
from store.publications import FolderMark, Publication
from tests.conftest import free_port
from tests.contract.samples import NOW

DEMO = load_edition(PROJECT / "config")


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "onenumber.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def settings(tmp_path: Path, migrated: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation whose database is there, and whose folder is a copy of the demo hospital's."""
    folder = tmp_path / "site"
    shutil.copytree(PROJECT / "config", folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (tmp_path / "var").mkdir()
    shutil.copy(migrated, tmp_path / "var")
    monkeypatch.setenv("ONENUMBER_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("ONENUMBER_LINE__CONFIG_DIR", str(folder))
    monkeypatch.setenv("ONENUMBER_REDIS_URL", redis_url)
    return Settings()


def greet(folder: Path, words: str) -> None:
    """Change one prompt of a folder."""
    path = folder / "prompts/en.yaml"
    prompts = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**prompts, "welcome": words}, allow_unicode=True))


def start(settings: Settings) -> list[str]:
    """What a start says of the documents."""
    said: list[str] = []
    asyncio.run(settle(settings, in_force(settings).edition, said.append))
    return said


def greeting(settings: Settings) -> str:
    return in_force(settings).edition.prompts["en"]["welcome"]


def history(settings: Settings) -> list[Publication]:
    async def read() -> list[Publication]:
        async with open_records(settings.database) as records:
            return list(await publications.history(records))

    return asyncio.run(read())


def test_each_publication_says_why_it_was_made(settings: Settings) -> None:
    start(settings)
    greet(settings.line.config_dir, "Saint Lucas, good evening.")
    start(settings)
    assert {made.note for made in history(settings)} == {
        "in the folder at the first start", "changed in the folder before a start",
    }  # fmt: skip


def nothing(settings: Settings, edition: Edition) -> None:
    """In the place of what makes an edition ready, which takes minutes."""


def publish(settings: Settings, folder: Path | None = None, expect: str = "", note: str = "") -> None:
    document_commands.take_in(folder, True, note, expect, ready=nothing)


def refused(work: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(typer.Exit):
        work()
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("imported", "seen", "published", "expected"),
    [
        (None, None, None, Standing.FIRST),
        ("now", "now", "now", Standing.SAME),
        (None, None, "now", Standing.SAME),
        ("old", "old", "old", Standing.CHANGED),
        ("now", "old", "old", Standing.IMPORTED),
        ("old", "old", "other", Standing.OVERTAKEN),
        ("now", "now", "other", Standing.OVERTAKEN),
        ("now", None, "other", Standing.OVERTAKEN),
        (None, None, "other", Standing.OVERTAKEN),
    ],
)  # fmt: skip
def test_only_a_change_of_what_is_in_force_is_nobody_elses_to_publish(
    imported: str | None, seen: str | None, published: str | None, expected: Standing
) -> None:
    def named(name: str) -> str:
        return name_of(DEMO) if name == "now" else name

    publication = Publication(1, named(published), NOW, "ann") if published else None
    mark = FolderMark(named(imported), named(seen) if seen else None) if imported else None
    assert standing(Folder(Path("site"), "site", DEMO), Seen(publication, None, mark)) is expected
    assert standing(Folder(Path("site"), "site", None, ("wrong",)), Seen(publication, None, mark)) is Standing.REFUSED


def test_the_first_start_publishes_the_folder_and_the_next_ones_what_changed_in_it(settings: Settings) -> None:
    assert "edition" in start(settings)[0]
    assert start(settings) == []
    greet(settings.line.config_dir, "Hello.")
    assert "have changed" in in_force(settings).differs
    assert greeting(settings) != "Hello."
    assert "edition" in start(settings)[0]
    assert greeting(settings) == "Hello."
    assert len(history(settings)) == 2


def test_the_folder_of_a_small_installation_may_move(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    start(settings)
    moved = settings.line.config_dir.rename(settings.line.config_dir.with_name("moved"))
    monkeypatch.setenv("ONENUMBER_LINE__CONFIG_DIR", str(moved))
    greet(moved, "Hello.")
    assert "edition" in start(Settings())[0]
    assert greeting(Settings()) == "Hello."


def test_a_start_does_not_take_back_what_somebody_else_has_published(settings: Settings, tmp_path: Path) -> None:
    start(settings)
    other = tmp_path / "other"
    document_commands.export(other, "", False)
    greet(other, "From elsewhere.")
    publish(settings, other)
    greet(settings.line.config_dir, "From the folder.")
    said = start(settings)
    assert greeting(settings) == "From elsewhere."
    assert "are not those in force" in said[0]
    assert "onenumber documents diff" in said[0]
    assert in_force(settings).differs in said[0]


def test_documents_that_are_refused_leave_those_in_force_also_at_a_start(settings: Settings) -> None:
    start(settings)
    (settings.line.config_dir / "places.yaml").write_text("- id: [")
    assert start(settings) == []
    found = in_force(settings)
    assert found.edition == DEMO
    assert found.warning.startswith("the documents were refused, the earlier ones stay in force: places.yaml")


def test_what_was_in_force_is_known_while_the_database_is_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(settings)
    greet(settings.line.config_dir, "Not published.")
    nobody = f"postgresql+asyncpg://onenumber@127.0.0.1:{free_port()}/onenumber"
    monkeypatch.setenv("ONENUMBER_DATABASE_URL", nobody)
    assert in_force(Settings()).edition == DEMO


def test_an_import_checks_and_stores_and_only_publishing_puts_in_force(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    start(settings)
    greet(settings.line.config_dir, "Hello.")
    document_commands.take_in(None, False, "", "", ready=nothing)
    assert "--publish puts it in force" in capsys.readouterr().out
    assert greeting(settings) != "Hello."
    assert "imported and are not in force" in start(settings)[0]  # whoever imported meant it so
    publish(settings, note="a shorter greeting")
    assert greeting(settings) == "Hello."
    assert history(settings)[0].note == "a shorter greeting"


def test_an_import_of_what_is_wrong_says_each_fault_and_stores_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    start(settings)
    greet(settings.line.config_dir, "Hello {caller}.")
    said = refused(lambda: publish(settings), capsys)
    assert "prompts/en.yaml: welcome" in said
    assert len(history(settings)) == 1


def test_of_two_publishers_the_second_has_to_look_at_what_the_first_has_done(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start(settings)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        document_commands.export(folder, "", False)
        greet(folder, f"From {folder.name}.")
    publish(settings, folders[0], note="the first")
    said = refused(lambda: publish(settings, folders[1]), capsys)
    assert greeting(settings) == "From one."
    assert "not based on those in force" in said
    assert "the first" in said
    seen = re.search(r"--expect ([0-9a-f]+)", said)
    assert seen
    publish(settings, folders[1], expect=seen[1])
    assert greeting(settings) == "From two."


def test_a_rollback_is_a_publication_of_an_earlier_edition(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    start(settings)
    before = greeting(settings)
    greet(settings.line.config_dir, "Hello.")
    publish(settings, note="shorter")
    document_commands.rollback(history(settings)[1].edition[:8], "too short", "", ready=nothing)
    assert greeting(settings) == before
    capsys.readouterr()
    document_commands.history()
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 3
    assert "(too short)" in told[0]
    assert told[0].endswith("← in force")
    assert "shorter" in told[1]
    assert "are not those in force" in start(settings)[0]  # the folder must not undo it
    assert greeting(settings) == before


def test_who_publishes_is_in_the_audit_once(settings: Settings) -> None:
    start(settings)
    greet(settings.line.config_dir, "Hello.")
    publish(settings)
    publish(settings)
    document_commands.rollback(history(settings)[1].edition, "", "", ready=nothing)

    async def read() -> list[tuple[str, str, str]]:
        async with open_records(settings.database) as records:
            entries = await records.audit.entries(10)
            return [(entry.action, entry.subject, entry.detail["instead_of"]) for entry in entries]

    back, forth, first = [found.edition for found in history(settings)]
    assert back == first
    assert asyncio.run(read()) == [("documents_published", first, forth), ("documents_published", forth, first)]


def test_only_what_was_published_can_be_taken_back_to(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    start(settings)
    said = refused(lambda: document_commands.rollback("0000", "", "", ready=nothing), capsys)
    assert "no published edition begins with 0000" in said


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("prompts", '{"en": {"welcome": "Hello."}}', "lacks what this one needs"),
        ("site", '{"id": "demo"}', "this one cannot read it"),
    ],
)
def test_what_an_earlier_version_published_is_not_taken_back_to_where_this_one_cannot_go_by_it(
    settings: Settings, capsys: pytest.CaptureFixture[str], kind: str, body: str, told: str
) -> None:
    start(settings)
    with sqlite3.connect(settings.data_dir / "onenumber.db") as database:
        database.execute("UPDATE documents SET body = ? WHERE kind = ?", (body, kind))
    greet(settings.line.config_dir, "Hello.")
    publish(settings)
    latest, first = history(settings)
    said = refused(lambda: document_commands.rollback(first.edition, "", "", ready=nothing), capsys)
    assert told in said
    assert history(settings) == [latest, first]


def test_what_was_imported_by_an_earlier_version_is_not_published_by_the_start_of_this_one(settings: Settings) -> None:
    """Read again, the same documents have what is new by default, and with that another hash."""
    start(settings)
    greet(settings.line.config_dir, "Hello.")
    document_commands.take_in(None, False, "", "")
    as_imported_earlier(settings)
    assert "were imported and are not in force" in start(settings)[0]
    assert len(history(settings)) == 1


def as_imported_earlier(settings: Settings) -> None:
    """By a version that did not know yet how long an agent is kept for a callback."""
    with sqlite3.connect(settings.data_dir / "onenumber.db") as database:
        (found,) = database.execute(
            "SELECT imported, hashes FROM document_folders JOIN editions ON hash = imported"
        ).fetchall()
        hashes = json.loads(found[1])
        ((body,),) = database.execute("SELECT body FROM documents WHERE hash = ?", (hashes["site"],)).fetchall()
        site = json.loads(body)
        del site["waiting"]["callback_hold_s"]
        hashes = {**hashes, "site": digest(site)}
        row = (digest(hashes), json.dumps(hashes), found[0])
        database.execute("UPDATE editions SET hash = ?, hashes = ? WHERE hash = ?", row)
        database.execute("UPDATE document_folders SET imported = ? WHERE imported = ?", (row[0], row[2]))
        database.execute(
            "INSERT INTO documents (hash, site_id, kind, body, seen_at) VALUES (?, 'demo', 'site', ?, '2026-11-22')",
            (hashes["site"], json.dumps(site)),
        )


def test_a_round_trip_changes_nothing(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start(settings)
    folder = tmp_path / "exported"
    document_commands.export(folder, "", False)
    assert load_edition(folder) == DEMO
    publish(settings, folder)
    assert len(history(settings)) == 1
    capsys.readouterr()
    document_commands.diff(folder)
    assert "is the same as what is in force" in capsys.readouterr().out


def test_a_difference_is_told_by_document_and_field(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    start(settings)
    greet(settings.line.config_dir, "Hello.")
    (settings.line.config_dir / "out_of_scope.yaml").unlink()
    capsys.readouterr()
    document_commands.diff(None)
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 2
    assert told[1].startswith("prompts/en.yaml: welcome: “")
    assert told[1].endswith(" → “Hello.”")
    assert told[0] == "out_of_scope.yaml: is gone"


def test_documents_that_asterisk_cannot_go_by_are_refused_before_they_are_in_force(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    start(settings)
    config = settings.paths.asterisk / "etc/asterisk.conf"
    config.parent.mkdir(parents=True)
    config.touch()
    greet(settings.line.config_dir, "Hello.")
    said = refused(lambda: publish(settings), capsys)
    assert "Asterisk's configuration cannot be made of these documents: the phones' secret is not set" in said
    assert len(history(settings)) == 1


def test_what_an_earlier_version_published_and_this_one_cannot_read_gives_way_to_the_folder(
    settings: Settings,
) -> None:
    start(settings)
    with sqlite3.connect(settings.data_dir / "onenumber.db") as database:
        database.execute("UPDATE documents SET body = '{}' WHERE kind = 'site'")
    (settings.paths.edition_in_force).unlink()
    assert in_force(settings).edition == DEMO


def test_documents_of_another_site_are_refused(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start(settings)
    other = tmp_path / "other"
    document_commands.export(other, "", False)
    site = yaml.safe_load((other / "site.yaml").read_text())
    (other / "site.yaml").write_text(yaml.safe_dump({**site, "id": "elsewhere"}))
    assert "documents of the site “elsewhere”" in refused(lambda: publish(settings, other), capsys)


def test_whoever_is_new_in_the_documents_has_an_account_and_who_has_left_has_none(settings: Settings) -> None:
    start(settings)
    path = settings.line.config_dir / "site.yaml"
    site = yaml.safe_load(path.read_text())
    site["agents"] = [{"login": "dora", "name": "Dora", "phone": "agent9"}, *site["agents"][1:]]
    path.write_text(yaml.safe_dump(site, allow_unicode=True))
    publish(settings)

    async def accounts() -> tuple[bool, bool]:
        async with open_records(settings.database) as records:
            found = [await records.accounts.by_login(login) for login in ("dora", "anna")]
            return tuple(account is not None for account in found)  # type: ignore[return-value]

    assert asyncio.run(accounts()) == (True, False)
    assert editions.in_force(settings).edition.site.agents[0].login == "dora"
