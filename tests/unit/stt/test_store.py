"""Installing models: resumed, checked, unpacked safely, in place at once or not at all."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from stt.catalogue import LIST, MODELS, Model
from stt.store import NotInstalled, install, installed_models

MODEL = Model("vosk-model-small-xx-0.1", "xx", 1, True)


def archive(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return made.getvalue()


GOOD = archive({"vosk-model-small-xx-0.1/am/final.mdl": b"model" * 5_000, "vosk-model-small-xx-0.1/README": b"hi"})


def site(
    content: bytes = GOOD, md5: str | None = None, seen: list[httpx.Request] | None = None
) -> Callable[[httpx.Request], httpx.Response]:
    """The model site, with an archive and perhaps its checksum."""

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if str(request.url) == LIST:
            rows = [{"name": MODEL.name, "size": len(content), "md5": md5}] if md5 else []
            return httpx.Response(200, json=rows)
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            return httpx.Response(416)
        return httpx.Response(206 if start else 200, content=content[start:])

    return answer


def client(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer))


def test_a_model_is_fetched_checked_and_found(tmp_path: Path) -> None:
    shown: list[tuple[int, int]] = []
    md5 = hashlib.md5(GOOD).hexdigest()
    path = install(MODEL, tmp_path, client(site(md5=md5)), lambda done, whole: shown.append((done, whole)))
    assert (path / "am/final.mdl").read_bytes() == b"model" * 5_000
    assert installed_models(tmp_path, "xx") == [path]
    assert shown[-1] == (len(GOOD), len(GOOD))
    record = json.loads((tmp_path / "xx" / f"{MODEL.name}.json").read_text())
    assert record["verified"] == "published md5"
    assert record["sha256"] == hashlib.sha256(GOOD).hexdigest()
    assert sorted(each.name for each in (tmp_path / "xx").iterdir()) == [MODEL.name, f"{MODEL.name}.json"]


def test_an_installed_model_is_not_fetched_again(tmp_path: Path) -> None:
    install(MODEL, tmp_path, client(site()))
    seen: list[httpx.Request] = []
    install(MODEL, tmp_path, client(site(seen=seen)))
    assert seen == []


def test_a_download_goes_on_where_it_stopped(tmp_path: Path) -> None:
    part = tmp_path / "xx" / f"{MODEL.name}.zip.part"
    part.parent.mkdir()
    part.write_bytes(GOOD[:1_000])
    seen: list[httpx.Request] = []
    install(MODEL, tmp_path, client(site(md5=hashlib.md5(GOOD).hexdigest(), seen=seen)))
    assert seen[-1].headers["Range"] == "bytes=1000-"


def test_a_whole_download_that_was_never_unpacked_is_used(tmp_path: Path) -> None:
    part = tmp_path / "xx" / f"{MODEL.name}.zip.part"
    part.parent.mkdir()
    part.write_bytes(GOOD)
    assert install(MODEL, tmp_path, client(site())).is_dir()


def test_another_archive_than_the_published_one_is_thrown_away(tmp_path: Path) -> None:
    with pytest.raises(NotInstalled, match="checksum"):
        install(MODEL, tmp_path, client(site(md5="0" * 32)))
    assert installed_models(tmp_path, "xx") == []
    assert list((tmp_path / "xx").iterdir()) == []


def test_without_a_published_checksum_the_first_fetch_is_recorded_and_later_ones_must_match(tmp_path: Path) -> None:
    path = install(MODEL, tmp_path, client(site()))
    record = json.loads((tmp_path / "xx" / f"{MODEL.name}.json").read_text())
    assert record["verified"] == "first use"
    (path / "README").unlink()
    (path / "am/final.mdl").unlink()
    (path / "am").rmdir()
    path.rmdir()
    with pytest.raises(NotInstalled, match="checksum"):
        install(MODEL, tmp_path, client(site(archive({"m/other": b"x"}))))


@pytest.mark.parametrize("name", ["../evil", "m/../../evil", "/etc/evil", "c:/evil/x", "m\\..\\..\\evil", "lonely"])
def test_paths_that_lead_out_of_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotInstalled, match="leads out"):
        install(MODEL, tmp_path / "models", client(site(archive({"m/good": b"1", name: b"2"}))))
    assert not list(tmp_path.rglob("evil"))
    assert installed_models(tmp_path / "models", "xx") == []


def test_links_are_refused(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        link = zipfile.ZipInfo("m/link")
        link.external_attr = 0o120777 << 16
        opened.writestr(link, "/etc/passwd")
    with pytest.raises(NotInstalled, match="leads out"):
        install(MODEL, tmp_path, client(site(made.getvalue())))


def test_a_broken_archive_is_thrown_away(tmp_path: Path) -> None:
    with pytest.raises(NotInstalled, match="broken"):
        install(MODEL, tmp_path, client(site(b"no zip at all")))
    assert list((tmp_path / "xx").iterdir()) == []


def test_a_site_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(NotInstalled, match=r"^alphacephei.com cannot be reached \(ConnectError\)\.$"):
        install(MODEL, tmp_path, client(refuse))


def test_a_model_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotInstalled, match="cannot be reached"):
        install(MODEL, tmp_path, client(lambda request: httpx.Response(404)))


def test_every_model_of_the_catalogue_has_its_own_place() -> None:
    assert len({model.url for model in MODELS}) == len(MODELS)
    assert all(model.url.startswith("https://") for model in MODELS)
