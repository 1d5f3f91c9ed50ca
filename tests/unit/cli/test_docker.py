"""The images run the scripts that `make run` runs; the compose file names every part of the line."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILES = sorted((ROOT / "docker").glob("Dockerfile.*"))
SCRIPTS = sorted((ROOT / "docker").rglob("*.sh"))


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]
    return found


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_every_script_and_source_an_image_names_exists(dockerfile: Path) -> None:
    text = dockerfile.read_text()
    scripts = re.findall(r"[\w./-]+\.sh", text)
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    assert scripts
    for name in (*(script.lstrip("/") for script in scripts), *" ".join(sources).split()):
        assert (ROOT / name).exists() or (ROOT / "docker" / name).exists(), name


@pytest.mark.parametrize("script", ["packages.sh", "asterisk.sh", "python.sh", "voices.sh", "encoder.sh"])
def test_images_and_make_run_share_each_script(script: str) -> None:
    assert script in (ROOT / "docker/install/all.sh").read_text()
    assert any(script in dockerfile.read_text() for dockerfile in DOCKERFILES)


def test_every_room_is_in_the_image() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert (
        set(re.findall(r"^COPY (\w+) \w+$", (ROOT / "docker/Dockerfile.controller").read_text(), re.MULTILINE)) >= rooms
    )


def test_compose_names_every_part(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {"asterisk", "controller", "web", "postgres", "redis", "prepare"}


def test_compose_builds_from_dockerfiles_that_exist(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        if build := service.get("build"):
            assert (ROOT / build["dockerfile"]).is_file()


def test_redis_and_postgres_listen_on_loopback(services: dict[str, dict[str, Any]]) -> None:
    assert "127.0.0.1" in services["redis"]["command"]
    assert "listen_addresses=127.0.0.1" in services["postgres"]["command"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_valid_shell(script: Path) -> None:
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
