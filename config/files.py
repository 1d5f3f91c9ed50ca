"""An edition as the files of a folder: written, and compared field by field."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from config.documents import FOLDERS, OPTIONAL, DocumentsRefused, Edition, read_edition

SINGLE = ("site", "places", "assets", "out_of_scope", "emergency")
FIELD = {"emergency": "emergencies"}  # of an edition, where the file is named otherwise
NAMES = ("id", "login", "number")  # by which entries of a list are told apart
SHOWN = 60  # characters of a value
MISSING = object()


class OtherDocuments(Exception):
    """The folder has documents that writing would change or remove; their names."""

    def __init__(self, files: list[str]) -> None:
        super().__init__(", ".join(files))
        self.files = files


def files_of(edition: Edition, defaults: bool = False) -> dict[str, Any]:
    """Name below the folder → content; with `defaults` also the fields that are as usual."""
    held = edition.model_dump(mode="json", exclude_defaults=not defaults)
    files = {f"{name}.yaml": held.get(FIELD.get(name, name)) for name in SINGLE}
    files = {name: content for name, content in files.items() if content or name.removesuffix(".yaml") not in OPTIONAL}
    for folder in FOLDERS:
        files |= {f"{folder}/{name}.yaml": content for name, content in held.get(folder, {}).items()}
    return files


def write(edition: Edition, folder: Path, replace: bool = False) -> list[str]:
    """Make a folder hold exactly these documents; a file that means the same stays as it is, with its comments.

    Returns what was written or removed. Raises: OtherDocuments, without `replace` where that would lose something.
    """
    wanted, there = files_of(edition), _there(folder)
    known = _known(folder)
    changed = [name for name, content in wanted.items() if name not in there or known.get(name, MISSING) != content]
    surplus = sorted(there - wanted.keys())
    if not replace and (lost := [*(name for name in changed if name in there), *surplus]):
        raise OtherDocuments(lost)
    for name in changed:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(_text(wanted[name]), encoding="utf-8")
    for name in surplus:
        (folder / name).unlink()
    return [*changed, *surplus]


def _there(folder: Path) -> set[str]:
    """The documents of a folder."""
    single = {f"{name}.yaml" for name in SINGLE if (folder / f"{name}.yaml").exists()}
    return single | {f"{kind}/{path.name}" for kind in FOLDERS for path in (folder / kind).glob("*.yaml")}


def _known(folder: Path) -> Mapping[str, Any]:
    """What the documents of a folder mean; nothing where they cannot be read."""
    try:
        return files_of(read_edition(folder))
    except DocumentsRefused:
        return {}


def _text(content: Any) -> str:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120)


def differences(before: Edition, after: Edition) -> Iterator[str]:
    """One line for each document or field that differs."""
    old, new = files_of(before, defaults=True), files_of(after, defaults=True)
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield f"{name}: is new"
        elif name not in new:
            yield f"{name}: is gone"
        else:
            yield from (f"{name}: {line}" for line in _differing("", old[name], new[name]))


def _differing(at: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, list) and isinstance(new, list):
        if not (_all_named(old) and _all_named(new)):
            yield f"{at or 'entries'}: {_listed(old, new)}"
            return
        old, new = ({_name(entry): entry for entry in entries} for entries in (old, new))
    if isinstance(old, dict) and isinstance(new, dict) and (old or new):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _differing(f"{at}.{key}" if at else str(key), old.get(key, MISSING), new.get(key, MISSING))
        return
    yield f"{at}: {_shown(old)} → {_shown(new)}"


def _all_named(entries: list[Any]) -> bool:
    return bool(entries) and all(isinstance(entry, dict) and _name(entry) for entry in entries)


def _name(entry: Mapping[str, Any]) -> str:
    return next((str(entry[name]) for name in NAMES if name in entry), "")


def _listed(old: list[Any], new: list[Any]) -> str:
    gone = [f"− {_shown(entry)}" for entry in old if entry not in new]
    come = [f"+ {_shown(entry)}" for entry in new if entry not in old]
    return "; ".join([*gone, *come]) or "in another order"


def _shown(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    text = f"“{value}”" if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
