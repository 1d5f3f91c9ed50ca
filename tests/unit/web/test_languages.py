"""Everybody reads the desk, and what it refuses, in their own language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from routing.corrections import MatterFacts
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Clock, Desk
from tests.unit.web.stand_ins import small_edition
from tests.unit.web.stand_ins_records import PASSWORD
from tests.unit.web.test_own_password import log_in as log_in_by_page
from web.refusals import is_known, said
from web.texts import load_texts

ROOT = Path(__file__).resolve().parents[3]
TEXTS = load_texts(ROOT / "web/texts")
OTHERS = ("nl", "sv", "fi", "zh")
PATHS = ("/", "/tickets", "/tickets/new", "/calls", "/callbacks", "/missed", "/password", "/phone")
OF_SUPERVISORS = ("/floor", "/wall")


async def read(desk: Desk, client: httpx.AsyncClient, login: str, language: str, path: str) -> str:
    await desk.accounts.choose_language(login, language)
    answer = await client.get(path, headers={"accept": "text/html"})
    assert answer.status_code == 200, path
    return answer.text


def whole(page: str, language: str) -> bool:
    return f'<html lang="{language}"' in page and 'class="fallback"' not in page and "[en]" not in page


@pytest.mark.parametrize("language", OTHERS)
async def test_every_page_is_in_the_readers_language(desk: Desk, anna: httpx.AsyncClient, language: str) -> None:
    call = await desk.call(words="the drain on ward four is blocked")
    ticket = await desk.ticket(call, words="the drain on ward four is blocked")
    await desk.available()
    await desk.offer(await desk.waits(call, ticket))
    for path in (*PATHS, f"/tickets/{ticket.number}", f"/calls/{call.id}"):
        assert whole(await read(desk, anna, "anna", language, path), language), path


@pytest.mark.parametrize("language", OTHERS)
async def test_a_supervisors_pages_are(desk: Desk, client: httpx.AsyncClient, language: str) -> None:
    await log_in(client, "chen")
    for path in OF_SUPERVISORS:
        assert whole(await read(desk, client, "chen", language, path), language), path


async def test_who_has_not_logged_in_is_read_by_their_browser(client: httpx.AsyncClient) -> None:
    async def language(header: str) -> str:
        page = (await client.get("/login", headers={"accept-language": header})).text
        return page.partition('<html lang="')[2].partition('"')[0]

    assert await language("nl-NL,nl;q=0.9,en;q=0.8") == "nl"
    assert await language("de-DE, fi;q=0.3, sv;q=0.5") == "sv"
    assert await language("en;q=0.1, zh-Hant-TW") == "zh"
    assert await language("fi; q=0.1, NL ;Q=0.4, sv;q=nan") == "nl"
    assert [await language(header) for header in ("", "de", "*", "nl;q=0", "nl;q=x", ";;,,")] == ["en"] * 6


async def test_a_person_chooses_and_takes_it_back(desk: Desk, client: httpx.AsyncClient) -> None:
    assert await log_in_by_page(client) == 303
    mark = (await client.get("/password")).text.partition('name="csrf" value="')[2].partition('"')[0]
    answer = await client.post("/language", data={"csrf": mark, "language": "nl"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/password")
    page = (await client.get("/password")).text
    assert whole(page, "nl")
    assert '<option value="nl" lang="nl" selected>Nederlands</option>' in page
    assert (await client.post("/language", data={"csrf": mark, "language": "xx"})).status_code == 422
    assert (await client.post("/language", data={"language": "fi"})).status_code == 403
    assert whole((await client.get("/password")).text, "nl")
    await client.post("/language", data={"csrf": mark, "language": ""})
    assert '<html lang="en"' in (await client.get("/password")).text


async def test_so_does_a_program(anna: httpx.AsyncClient) -> None:
    chosen = await anna.put("/api/v1/me/language", json={"language": "fi"})
    assert chosen.json() == {"language": "fi", "offered": ["en", "fi", "nl", "sv", "zh"]}
    assert (await anna.get("/api/v1/me/language")).json()["language"] == "fi"
    assert (await anna.put("/api/v1/me/language", json={"language": "fi-FI"})).status_code == 422
    assert (await anna.put("/api/v1/me/language", json={"language": None})).json()["language"] == "en"


async def test_a_form_that_was_made_in_another_language_means_the_same_place(clock: Clock) -> None:
    edition = small_edition()
    named = [
        place.model_copy(update={"name": {**place.name, "nl": f"afdeling {place.id}"}}) for place in edition.places
    ]
    desk = Desk(clock, edition.model_copy(update={"places": tuple(named)}))
    ticket = await desk.ticket(None, place="ward-4")
    transport = httpx.ASGITransport(desk.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        await log_in(client, "anna")  # who reads English by now
        for typed, place in (("Afdeling ward-4", "ward-4"), ("Afdeling ward-5", "ward-5")):
            now = await desk.records.tickets.load(ticket.id)
            form = {"version": MatterFacts.of(now).version, "topic": "plumbing", "level": "high", "place": typed}
            answer = await client.post(f"/tickets/{ticket.number}/correction", data=form)
            assert answer.status_code == 200
            draft = (await desk.records.tickets.load(ticket.id)).draft
            assert (draft.place, draft.place_text) == (place, None)


async def test_what_is_refused_is_told_in_it(desk: Desk, anna: httpx.AsyncClient) -> None:
    await desk.accounts.choose_language("anna", "nl")
    answer = await anna.post("/api/v1/me/state", json={"state": "available"})
    problem = answer.json()["error"]
    assert (problem["code"], problem["message"]) == ("not_now", TEXTS.plain("nl", "refusal.no_page"))
    page = await anna.get("/tickets/nothing", headers={"accept": "text/html"})
    assert (page.status_code, whole(page.text, "nl")) == (404, True)


async def test_a_wrong_password_is_told_in_the_browsers(client: httpx.AsyncClient) -> None:
    page = await client.get("/login", headers={"accept-language": "sv"})
    mark = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    wrong = {"csrf": mark, "login": "anna", "password": PASSWORD + "?"}
    answer = await client.post("/login", data=wrong, headers={"accept-language": "sv"})
    assert TEXTS.plain("sv", "refusal.wrong_password") in answer.text


def test_a_sentence_is_found_with_what_varies_in_it() -> None:
    told = said(TEXTS, "nl", "Bo Jansen cannot be put into that state now.", "not_now")
    assert told == TEXTS.plain("nl", "refusal.state_now", name="Bo Jansen")
    why = TEXTS.plain("nl", "refusal.withheld")
    told = said(TEXTS, "nl", "This caller cannot be called back: the number was withheld.", "not_callable")
    assert told == TEXTS.plain("nl", "refusal.not_called_back", why=why)


def test_what_nobody_translated_is_told_by_its_code_and_in_english_as_it_is() -> None:
    assert said(TEXTS, "nl", "offer 0192", "not_found") == TEXTS.plain("nl", "refusal.not_found")
    assert said(TEXTS, "en", "offer 0192", "not_found") == "offer 0192"
    assert said(TEXTS, "nl", "I'm a teapot", "refused") == TEXTS.plain("nl", "refusal.refused")


def refusing() -> Iterator[tuple[str, str]]:
    """Whatever the services and the desk refuse with: where, and the sentence, `x` for what varies."""
    for path in (*ROOT.glob("routing/**/*.py"), *ROOT.glob("web/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in REFUSALS
                and node.args
            ):
                yield from ((f"{path.name}:{node.lineno}", text) for text in sentences(node.args[0]))


REFUSALS = {
    "NotNow",
    "Missing",
    "NotFound",
    "NotCallable",
    "TransitionRefused",
    "RecordsUnavailable",
    "_require_reason",
}


def sentences(*nodes: ast.expr) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.IfExp):
            yield from sentences(node.body, node.orelse)


def test_every_sentence_with_which_something_is_refused_is_in_the_catalogues() -> None:
    found = [(where, text) for where, text in refusing() if text[0].isupper()]
    assert len(found) > 40
    assert [each for each in found if not is_known(TEXTS, each[1])] == []


def test_so_is_what_a_table_or_a_name_holds() -> None:
    for path in ("routing/services/missed.py", "routing/services/callbacks.py"):
        nodes = ast.walk(ast.parse((ROOT / path).read_text()))
        held = [part for node in nodes if isinstance(node, ast.Assign | ast.Return) for part in ast.walk(node)]
        texts = [part.value for part in held if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        told = [text for text in texts if text.endswith(".")]
        assert told
        assert [text for text in told if not is_known(TEXTS, text)] == [], path
