"""Installing official Vosk models: fetched with resume, checked, unpacked safely, put in place at once.

Each model lives in FOLDER/LANGUAGE/NAME, beside NAME.json, which records what was fetched.
"""

import contextlib
import hashlib
import json
import os
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import httpx

from stt.catalogue import LIST, Model

BLOCK = 1 << 20
MOST_UNPACKED = 8 << 30  # bytes; the largest official model unpacks to about 4 GB
TIMEOUT = httpx.Timeout(20.0, read=60.0)

Progress = Callable[[int, int], None]  # bytes so far, bytes in all (0 = unknown)


class NotInstalled(Exception):
    """The model could not be installed; the message is one sentence for people."""


@dataclass(frozen=True)
class Published:
    """What the site's own list says of an archive."""

    size: int
    md5: str


def installed_models(folder: Path, language: str) -> list[Path]:
    """Unpacked models of a language; half-unpacked ones are not among them."""
    return sorted(path.parent / path.stem for path in (folder / language).glob("*.json") if _is_whole(path))


def _is_whole(record: Path) -> bool:
    return (record.parent / record.stem).is_dir()


def install(model: Model, folder: Path, client: httpx.Client, progress: Progress = lambda done, whole: None) -> Path:
    """Fetch, check, unpack; returns the model's folder.

    Raises: NotInstalled.
    """
    target = folder / model.language / model.name
    record = target.with_name(model.name + ".json")
    if record.is_file() and target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    archive = target.with_name(model.name + ".zip.part")
    try:
        published = fetch_list(client).get(model.name)
        fetch(model.url, archive, client, progress)
        verified = check(archive, published, _pinned(record))
        unpack(archive, target)
    except httpx.HTTPError as error:
        raise NotInstalled(f"{httpx.URL(model.url).host} cannot be reached ({type(error).__name__}).") from error
    except OSError as error:
        raise NotInstalled(f"{model.name} could not be written: {error.strerror or error}.") from error
    record.write_text(json.dumps(verified, indent=1), encoding="utf-8")
    archive.unlink()
    return target


def fetch_list(client: httpx.Client) -> dict[str, Published]:
    """The site's own list of its archives."""
    answer = client.get(LIST, timeout=TIMEOUT)
    answer.raise_for_status()
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return {str(row["name"]): Published(int(row["size"]), str(row["md5"]).lower()) for row in answer.json()}
    return {}


def fetch(url: str, archive: Path, client: httpx.Client, progress: Progress) -> None:
    """Download to `archive`, going on where an earlier attempt stopped."""
    have = archive.stat().st_size if archive.is_file() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with client.stream("GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=True) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # all of it is here
        answer.raise_for_status()
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
        have = have if resumed else 0
        whole = have + int(answer.headers.get("Content-Length", 0))
        with archive.open("ab" if resumed else "wb") as file:
            for block in answer.iter_bytes(BLOCK):
                file.write(block)
                have += len(block)
                progress(have, whole)


def check(archive: Path, published: Published | None, pinned: str | None) -> dict[str, str | int]:
    """Compare with the published checksum and with what was fetched here before.

    What neither knows is trusted on first use and recorded. Raises: NotInstalled.
    """
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with archive.open("rb") as file:
        while block := file.read(BLOCK):
            md5.update(block)
            sha256.update(block)
    wrong = (published and md5.hexdigest() != published.md5) or (pinned and sha256.hexdigest() != pinned)
    if wrong:
        archive.unlink()
        raise NotInstalled("The archive is not the published one (checksum differs); it was thrown away.")
    verified = "published md5" if published else "recorded sha256" if pinned else "first use"
    return {"size": archive.stat().st_size, "md5": md5.hexdigest(), "sha256": sha256.hexdigest(), "verified": verified}


def unpack(archive: Path, target: Path) -> None:
    """Unpack the archive's one folder to `target`; nothing is there until all of it is.

    Raises: NotInstalled.
    """
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            for member, inner in _members(opened):
                path = fresh / inner
                path.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(member) as source, path.open("wb") as file:
                    shutil.copyfileobj(source, file, BLOCK)
        if not fresh.is_dir():
            raise NotInstalled("The archive is empty.")
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    except zipfile.BadZipFile as error:
        archive.unlink(missing_ok=True)
        raise NotInstalled("The archive is broken; it was thrown away.") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _members(opened: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, Path]]:
    """Files of the archive below its one folder. Raises: NotInstalled, for paths that lead elsewhere."""
    files = [member for member in opened.infolist() if not member.is_dir()]
    if sum(member.file_size for member in files) > MOST_UNPACKED:
        raise NotInstalled("The archive unpacks to more than any speech model needs.")
    for member in files:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        if is_link or len(parts) < 2 or ".." in parts or parts[0].startswith("/") or ":" in parts[0]:
            raise NotInstalled("The archive holds a path that leads out of it.")
        yield member, Path(*parts[1:])


def _pinned(record: Path) -> str | None:
    if not record.is_file():
        return None
    return str(json.loads(record.read_text(encoding="utf-8")).get("sha256") or "") or None
