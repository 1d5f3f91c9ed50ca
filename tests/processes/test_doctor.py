"""`doctor` names each part, its exact version, and what to do about what is broken."""

import json
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from config.settings import Asterisk, Settings, Web
from doctor import checks, checks_phones, checks_running
from doctor.finding import Finding, all_well, as_json, to_do
from store.migrate import upgrade
from tests.conftest import free_port

MANIFEST = """# Packages of the Asterisk root, made 2026-11-01T00:00:00Z from http://deb.debian.org/debian sid
# age check of the suite: off
asterisk 1:22.10.1+dfsg-1
libc6 2.42-3
"""


def with_root(folder: Path, manifest: str) -> Settings:
    (folder / "manifest.txt").write_text(manifest)
    return Settings(asterisk=Asterisk(root=folder))


def test_asterisks_exact_packages_come_from_the_manifest(tmp_path: Path) -> None:
    finding = checks.asterisk_root(with_root(tmp_path, MANIFEST))
    assert finding.state == "ok"
    assert finding.version == "1:22.10.1+dfsg-1"
    assert finding.facts["packages"]["libc6"] == "2.42-3"
    assert "age check was off" in finding.says


def test_another_major_of_asterisk_is_broken(tmp_path: Path) -> None:
    finding = checks.asterisk_root(with_root(tmp_path, MANIFEST.replace("1:22.", "1:23.")))
    assert finding.state == "broken"
    assert "22 is needed" in finding.says


def test_no_asterisk_says_what_to_run(tmp_path: Path) -> None:
    finding = checks.asterisk_root(Settings(asterisk=Asterisk(root=tmp_path, ami_port=free_port())))
    assert (finding.state, finding.to_do) == ("broken", "run `make setup`.")


def test_an_asterisk_from_elsewhere_needs_no_root_here(tmp_path: Path) -> None:
    with socket.socket() as manager:
        manager.bind(("127.0.0.1", 0))
        manager.listen()
        settings = Settings(asterisk=Asterisk(root=tmp_path, ami_port=manager.getsockname()[1]))
        with ThreadPoolExecutor() as asked:
            finding = asked.submit(checks.asterisk_root, settings)
            connection, _ = manager.accept()
            connection.sendall(b"Asterisk Call Manager/11.0.0\r\n")
            connection.close()
        assert finding.result().state == "absent"


@pytest.mark.parametrize(
    ("version", "expected"), [("1:22.10.1~dfsg-1", 22), ("20.4.0-1", 20), ("1:22.10.1+dfsg+~cs6.17-1", 22), ("x", None)]
)
def test_major_of_a_debian_version(version: str, expected: int | None) -> None:
    assert checks.major(version) == expected


def test_the_lock_file_is_read_for_this_platform_only(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    lock.write_text(
        "# made by a tool\nrich==14.0.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n    # via onenumber\n"
        "httpx2-jsfetch==1.0 ; sys_platform == 'emscripten' \\\n    --hash=sha256:22\n"
    )
    assert checks.locked(lock) == {"rich": "14.0.0"}


def test_a_program_that_is_missing_is_broken_only_if_needed() -> None:
    needed = checks.program("x", ["no-such-program"], "(.*)", needed=True)
    optional = checks.program("x", ["no-such-program"], "(.*)", needed=False)
    assert (needed.state, optional.state) == ("broken", "absent")


def test_secrets_that_others_can_read_are_broken(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    file.write_text("")
    file.chmod(0o644)
    assert checks.secrets(Settings(data_dir=tmp_path)).state == "broken"
    file.chmod(0o600)
    assert checks.secrets(Settings(data_dir=tmp_path)).state == "ok"


def test_a_migrated_database_tells_its_version_and_schema(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    upgrade(settings.database)
    finding = checks_running.database(settings)
    assert (finding.state, finding.version) == ("ok", sqlite3.sqlite_version)
    assert finding.says.startswith("schema ")


def test_a_fresh_database_is_broken_until_the_line_has_started(tmp_path: Path) -> None:
    finding = checks_running.database(Settings(data_dir=tmp_path))
    assert finding.state == "broken"
    assert "make run" in finding.to_do


def test_postgres_tells_its_version(postgres_url: str) -> None:
    upgrade(postgres_url)
    finding = checks_running.database(Settings(database_url=postgres_url))
    assert finding.state == "ok"
    assert finding.version[0].isdigit()


def test_a_database_password_is_never_shown() -> None:
    url = f"postgresql+asyncpg://onenumber:hunter2@127.0.0.1:{free_port()}/onenumber"
    finding = checks_running.database(Settings(database_url=url))
    assert finding.state == "broken"
    assert "hunter2" not in str(finding)


def test_redis_that_answers_is_well(redis_url: str) -> None:
    assert checks_running.redis(Settings(redis_url=redis_url)).state == "ok"
    nobody = Settings(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    assert checks_running.redis(nobody).state == "broken"


def test_a_desk_that_does_not_answer_is_broken() -> None:
    assert checks_running.desk(Settings(web=Web(port=free_port()))).state == "broken"


@pytest.mark.parametrize(
    ("says", "state"),
    [
        ("ok", "ok"),
        ("serves, but sound came late", "ok"),
        ("more to do than this machine can", "broken"),
        (None, "absent"),
    ],
)
def test_the_load_is_the_controllers_own_word(monkeypatch: pytest.MonkeyPatch, says: str | None, state: str) -> None:
    parts = {"database": "ok"} | ({"load": says} if says else {})
    answer = httpx.Response(503 if state == "broken" else 200, json={"ready": state == "ok", "parts": parts})
    monkeypatch.setattr(httpx, "get", lambda url, timeout: answer)
    found = checks_running.load(Settings())
    assert (found.state, bool(found.to_do)) == (state, says not in ("ok", None))


def test_documents_that_are_wrong_are_named(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("id: demo\n")
    for name in ("places", "assets"):
        (tmp_path / f"{name}.yaml").write_text("[]\n")
    settings = Settings()
    broken = checks_running.documents(
        settings.model_copy(update={"line": settings.line.model_copy(update={"config_dir": tmp_path})})
    )
    assert broken.state == "broken"
    assert broken.says.startswith("site.yaml: name: ")


def test_the_whole_is_well_when_nothing_needed_is_broken() -> None:
    fine = [Finding("a", "ok"), Finding("b", "absent")]
    bad = [*fine, Finding("c", "broken", to_do="mend it.")]
    assert all_well(fine)
    assert json.loads(as_json(fine))["ok"] is True
    assert json.loads(as_json(bad))["ok"] is False
    assert list(to_do(bad)) == ["c: mend it."]


def test_an_emergency_team_without_a_phone_is_broken_and_a_missing_one_is_named() -> None:
    urgent = ("urgent1", "urgent2")
    none = checks_phones.found(urgent, {"urgent1": False, "agent1": True})
    assert (none.state, none.says) == ("broken", "none is registered of urgent1, urgent2")
    one = checks_phones.found(urgent, {"urgent1": False, "urgent2": True})
    assert (one.state, one.says) == ("ok", "registered: urgent2; not: urgent1")


def test_phones_that_cannot_be_asked_about_are_no_finding_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_phones, "ANSWER_S", 0.2)
    assert checks_phones.emergency_phones(Settings(asterisk=Asterisk(ami_port=free_port()))).state == "absent"
