"""Hostile callers in a real DOM: whatever they call themselves or say is text, and nothing else."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from routing.lifecycle import OfferEvent
from routing.model import CallerId, Ticket
from tests.e2e.desk_server import Served, served

pytestmark = pytest.mark.e2e

# Each, if it ever became markup or code, would set window.owned or ask for /owned.
HOSTILE = {
    "script": "<script>window.owned=1</script>",
    "image": '<img src="/owned" onerror="window.owned=1">',
    "quotes": '"\'><svg onload=window.owned=1>" onmouseover="window.owned=1" x=\'',
    "ampersands": "&lt;b&gt; &amp; &#x3C;script&#x3E;window.owned=1&#x3C;/script&#x3E; &",
    "line breaks": "Ward 4\r\nevent: pop\r\ndata: <script>window.owned=1</script>\r\n\r\nAction: Originate",
    "template": "{{ 7 * 7 }} {% raw %} ${window.owned=1} {{ constructor }}",
    "htmx": '<div hx-get="/owned" hx-trigger="load" hx-on::load="window.owned=1">',
    "direction": "\u202eevil\u202c \u2066x\u2069 \u200b\u0000\u0007\u001b[31mred",
    "long word": "W" * 4_000,
    "long text": "water everywhere " * 235,
    "link": "javascript:window.owned=1 https://elsewhere.example/",
}


@pytest.fixture(scope="module")
def line() -> Iterator[Served]:
    with served() as line:
        yield line


@pytest.fixture(params=[1280, 390])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": request.param, "height": 800})
    yield context
    context.close()


def test_a_hostile_caller_changes_nothing_but_the_text(line: Served, context: BrowserContext) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = line.log_in(context)
    for kind, text in HOSTILE.items():
        ticket = line.do(_offered(line, text))
        expect(page.locator("#pop .call h2"), kind).to_contain_text(_shown(text)[:200])
        expect(page.locator("#workspace #ticket h1 .number"), kind).to_have_text(ticket.number)
        _harmless(page, asked, line.url, kind)
        line.do(_over(line))
        expect(page.locator("#pop .call"), kind).to_have_count(0)


def test_hostile_words_are_harmless_on_every_page(line: Served, context: BrowserContext) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = line.log_in(context)
    page.goto(line.url + "/login")
    paths = ["/", "/tickets?stage=any", "/calls", "/callbacks", "/tickets?text=" + quote(HOSTILE["quotes"])]
    for text in HOSTILE.values():
        ticket = line.do(_offered(line, text))
        calls = line.do(line.desk.records.calls.live())
        paths += [f"/tickets/{ticket.number}", f"/calls/{calls[-1].id}"]
        line.do(_over(line))
    for path in paths:
        page.goto(line.url + path)
        expect(page.locator("main")).to_be_visible()
        _harmless(page, asked, line.url, path)


def _shown(text: str) -> str:
    """As a person should see it: control characters as pictures, invisible marks as a replacement."""
    pictures = {code: chr(0x2400 + code) for code in range(32)}
    hidden = dict.fromkeys((0x202E, 0x202C, 0x2066, 0x2069, 0x200B), "\ufffd")
    return text.translate(pictures | hidden)


def _harmless(page: Page, asked: list[str], home: str, what: str) -> None:
    assert page.evaluate("() => window.owned") is None, f"{what}: something of it ran"
    assert not [url for url in asked if "/owned" in url or not url.startswith(home)], (
        f"{what}: something of it was fetched"
    )
    scripts = page.evaluate("() => [...document.scripts].map(script => script.getAttribute('src'))")
    assert all(src and src.startswith("/static/") for src in scripts)
    assert page.locator("bdi *, .said *:not(span):not(bdi)").count() == 0, f"{what}: became an element"
    width, room = page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= room, f"{what}: the page is {width} px wide in a window of {room}"
    assert page.locator(".bar").bounding_box() is not None
    for region in ("#pop .call", "#ticket"):
        box = page.locator(region).first.bounding_box() if page.locator(region).count() else None
        assert box is None or box["x"] + box["width"] <= room


async def _offered(line: Served, text: str) -> Ticket:
    """A caller who is hostile in every field there is."""
    desk = line.desk
    caller = CallerId(raw=text, number=text, name=text, contact=None, kind="patient")
    await desk.available("anna")
    call = await desk.call(caller, words=text)
    ticket = await desk.ticket(call, words=text, caller=caller, place=None, place_text=text)
    await desk.waits(await desk.call(caller), ticket)
    await desk.offer(await desk.waits(call, ticket))
    return ticket


async def _over(line: Served) -> None:
    """Take everything back, for the next one."""
    records, at = line.desk.records, line.desk.at()
    offer = await records.offers.of_agent("agent-anna")
    assert offer is not None
    assert await records.offers.advance(offer.id, OfferEvent.LAPSED, at)
    for call in await records.calls.live():
        await records.calls.end(call.id, "hung_up", at)
    await line.desk.news.publish("offer", offer=offer.id, agent="agent-anna")
