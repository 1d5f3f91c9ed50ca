"""Several Asterisks from one root, each with its own files, none with rights or traces."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from telephony.asterisk_config import modules_folder
from telephony.instance import DATABASE, AsteriskDown, AsteriskInstance, inside
from tests.conftest import mounted, wait_until

pytestmark = pytest.mark.wire
ROOT = Settings().asterisk.root
DIRECTORIES = {
    "astetcdir": "etc", "astvarlibdir": "lib", "astdbdir": "lib", "astkeydir": "lib", "astspooldir": "spool",
    "astrundir": "run", "astlogdir": "log", "astcachedir": "cache",
}  # fmt: skip
START = (
    "import sys, time; from pathlib import Path; from telephony.instance import AsteriskInstance;"
    "asterisk = AsteriskInstance(Path(sys.argv[1]), Path(sys.argv[2])); asterisk.start();"
    "print(asterisk.process.pid, flush=True); time.sleep(60)"
)


def configured(folder: Path) -> Path:
    """The least that Asterisk starts with."""
    etc = folder / "etc"
    etc.mkdir(parents=True)
    lines = [f"{name} => {inside(folder)}/{part}" for name, part in DIRECTORIES.items()]
    modules = f"astmoddir => {modules_folder(ROOT)}"
    (etc / "asterisk.conf").write_text("\n".join(["[directories]", modules, *lines, "[options]", ""]))
    (etc / "modules.conf").write_text("[modules]\nautoload = no\nload = pbx_config.so\n")
    (etc / "extensions.conf").write_text(f"[{folder.name}]\nexten => s,1,Hangup()\n")
    for name in ("logger", "cdr", "cel", "stasis", "features", "indications", "acl", "ccss", "udptl", "manager"):
        (etc / f"{name}.conf").write_text("[general]\n")
    return folder


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[AsteriskInstance, AsteriskInstance]]:
    first, second = (AsteriskInstance(ROOT, configured(tmp_path / name)) for name in ("first", "second"))
    try:
        first.start()
        second.start()
        yield first, second
    finally:
        first.stop()
        second.stop()


def status(pid: int, field: str) -> list[str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1:] for line in lines if line.startswith(f"{field}:"))


def ended(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists() or status(pid, "State")[0] == "Z"


def test_two_run_side_by_side_from_one_root(pair: tuple[AsteriskInstance, AsteriskInstance]) -> None:
    for asterisk in pair:
        assert "Asterisk 22." in asterisk.cli("core show version")
        assert asterisk.folder.name in asterisk.cli("dialplan show")
    assert "second" not in pair[0].cli("dialplan show")


def test_it_runs_without_rights_and_leaves_no_mount(pair: tuple[AsteriskInstance, AsteriskInstance]) -> None:
    process = pair[0].process
    assert process
    assert status(process.pid, "Uid")[0] != "0"
    assert int(status(process.pid, "CapEff")[0], 16) == 0 or os.geteuid() != 0
    assert not mounted(inside(pair[0].folder).parent, *(each.folder for each in pair))
    assert not any((ROOT / "srv").iterdir())
    pair[0].stop()
    assert ended(process.pid)
    assert pair[1].alive()


def test_it_ends_with_its_starter(tmp_path: Path) -> None:
    folder = configured(tmp_path / "orphan")
    with subprocess.Popen([sys.executable, "-c", START, str(ROOT), str(folder)], stdout=subprocess.PIPE) as starter:
        assert starter.stdout
        pid = int(starter.stdout.readline())
        starter.send_signal(signal.SIGKILL)
    wait_until(lambda: ended(pid), "Asterisk outlived its starter")


def test_a_broken_configuration_is_said(tmp_path: Path) -> None:
    folder = configured(tmp_path / "broken")
    (folder / "etc/asterisk.conf").unlink()
    with pytest.raises(AsteriskDown, match=r"broken/log/console\.log"):
        AsteriskInstance(ROOT, folder).start(ready_s=5)


def test_a_missing_root_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AsteriskDown, match="run `make setup`"):
        AsteriskInstance(tmp_path, configured(tmp_path / "x")).start()


def test_its_database_is_kept_by_an_orderly_stop_and_a_damaged_one_does_not_hold_it_up(tmp_path: Path) -> None:
    asterisk = AsteriskInstance(ROOT, configured(tmp_path / "keeps"))
    asterisk.start()
    asterisk.cli("database put phones anna here")
    asterisk.stop()
    assert not asterisk.database.folder.exists()
    asterisk.start()
    assert "here" in asterisk.cli("database get phones anna")
    asterisk.kill()
    asterisk.start()  # what it had in memory outlived it
    assert "here" in asterisk.cli("database get phones anna")
    asterisk.kill()
    (asterisk.database.folder / DATABASE).write_bytes(b"SQLite format 3\0 and no more")
    asterisk.start()
    assert "not found" in asterisk.cli("database get phones anna")
    asterisk.stop()
