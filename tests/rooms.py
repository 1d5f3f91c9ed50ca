"""The project's rooms and their code, for tests that read it; `pyproject.toml` names them once."""

import tomllib
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS: tuple[str, ...] = tuple(
    tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
)


def sources(without: Collection[str] = ()) -> list[Path]:
    """Every module, in order, but those of some rooms."""
    return [path for room in ROOMS if room not in without for path in sorted((ROOT / room).rglob("*.py"))]
