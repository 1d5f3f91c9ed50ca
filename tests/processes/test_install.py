"""Set-up says in one sentence what stops it, does nothing twice, and reads settings as the line does."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The install scripts and lock files alone, as in a fresh clone."""
    shutil.copytree(ROOT / "docker", tmp_path / "docker")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def script(project: Path, name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ONENUMBER_")}
    return subprocess.run(
        ["/bin/sh", f"docker/install/{name}", *arguments], cwd=project, env={**kept, **environment},
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence with which set-up stopped."""
    assert done.returncode != 0
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("Set-up stopped: ")
    return line


def commands(folder: Path, *names: str) -> str:
    """A search path with these programs of the system and no others."""
    folder.mkdir()
    for name in names:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return str(folder)


def fake_root(folder: Path, version: str) -> Path:
    """An Asterisk root as far as its package records go."""
    (folder / "usr/sbin").mkdir(parents=True)
    (folder / "usr/sbin/asterisk").touch(mode=0o755)
    (folder / "var/lib/dpkg").mkdir(parents=True)
    (folder / "var/lib/dpkg/status").write_text(
        f"Package: asterisk\nStatus: install ok installed\nVersion: {version}\nArchitecture: amd64\n"
        "Maintainer: nobody\nDescription: x\n\n"
    )
    return folder


def test_a_system_without_apt_is_not_supported(project: Path) -> None:
    path = commands(project / "bin", "sh", "mkdir", "dirname", "cat")
    assert "Debian 12 or newer" in refusal(script(project, "packages.sh", "run", PATH=path))


def test_nothing_missing_needs_neither_root_nor_network(project: Path) -> None:
    path = commands(project / "bin", "sh", "mkdir", "dirname", "dpkg-query", "apt-get", "cat")
    done = script(project, "packages.sh", "dpkg", PATH=path)
    assert done.returncode == 0, done.stderr
    assert "all there" in done.stdout


def test_a_full_disk_is_said_before_anything_is_fetched(project: Path) -> None:
    text = ". docker/install/common.sh; need_space var 99999999"
    done = subprocess.run(["sh", "-euc", text], cwd=project, capture_output=True, text=True, check=False)
    assert "the disk is too full: var needs 99999999 MB free" in refusal(done)


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("write failed: No space left on device", "the disk is full"),
        ("error sending request for url", "PyPI cannot be reached"),
        ("Temporary failure resolving 'deb.debian.org'", "PyPI cannot be reached"),
        ("Hash mismatch for `rich==14.0`", "its hash differs"),
        ("first\nsomething else entirely\n", "installing failed; the last lines"),
    ],
)
def test_a_failed_step_names_its_cause(project: Path, output: str, sentence: str) -> None:
    text = ". docker/install/common.sh; LAST=$OUTPUT; why PyPI installing"
    done = subprocess.run(
        ["sh", "-euc", text], cwd=project, env={**os.environ, "OUTPUT": output}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert sentence in refusal(done)


def test_an_asterisk_root_is_taken_as_it_is_and_its_packages_are_recorded(project: Path) -> None:
    root = fake_root(project / "root", "1:22.10.1+dfsg-1")
    done = script(project, "asterisk.sh", str(root))
    assert done.returncode == 0, done.stderr
    assert "asterisk 1:22.10.1+dfsg-1" in (root / "manifest.txt").read_text().splitlines()


def test_another_major_of_asterisk_is_refused(project: Path) -> None:
    root = fake_root(project / "root", "1:23.0.0-1")
    assert "Asterisk 23, and 22 is needed" in refusal(script(project, "asterisk.sh", str(root)))


def test_an_environment_that_is_a_link_is_left_alone(project: Path) -> None:
    (project / ".venv").symlink_to("/nonexistent")
    assert "left as it is" in script(project, "python.sh", "run").stdout


@pytest.mark.parametrize(
    ("kind", "had", "skipped"),
    [("run", "run", True), ("run", "test", True), ("test", "test", True), ("test", "run", False)],
)
def test_an_environment_that_holds_all_that_is_needed_is_left_alone(
    project: Path, kind: str, had: str, skipped: bool
) -> None:
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/bin/onenumber").touch(mode=0o755)
    text = (
        ". docker/install/common.sh; mark_done python "
        f'"{had} $(stamp_of requirements/{had}.lock pyproject.toml docker/install/python.sh)"'
    )
    subprocess.run(["sh", "-euc", text], cwd=project, check=True)
    nothing_reached = {
        "https_proxy": "http://127.0.0.1:9",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": "",
        "UV_OFFLINE": "1",
    }
    done = script(project, "python.sh", kind, **nothing_reached)
    assert ("up to date" in done.stdout) is skipped


@pytest.mark.parametrize(
    ("file", "environment", "expected"),
    [
        ("", {}, "the default"),
        ('[asterisk]\nroot = "from the file"\n', {}, "from the file"),
        ('[asterisk]\nroot = "from the file"\n', {"ONENUMBER_ASTERISK__ROOT": "from outside"}, "from outside"),
    ],
)
def test_set_up_reads_settings_as_the_line_does(
    project: Path, file: str, environment: dict[str, str], expected: str
) -> None:
    (project / "settings.toml").write_text(file)
    text = ". docker/install/common.sh; setting asterisk.root 'the default'"
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ONENUMBER_")}
    done = subprocess.run(
        ["sh", "-euc", text], cwd=project, env={**kept, **environment}, capture_output=True, text=True, check=True
    )
    assert done.stdout == expected + "\n"
