"""Texts, times and text from outside: pure."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.yaml_once import load_once
from web.rate import AuditedWaits, LoginRate
from web.texts import Texts, load_texts
from web.times import Times
from web.untrusted import visible

WEB = Path(__file__).resolve().parents[3] / "web"
AT = datetime(2026, 11, 22, 1, 5, 9, tzinfo=UTC)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def test_every_language_has_the_same_keys() -> None:
    catalogues = {path.stem: set(load_once(path.read_text())) for path in (WEB / "texts").glob("*.yaml")}
    assert set(catalogues) == {"en", "nl", "sv", "fi", "zh"}
    assert all(keys == catalogues["en"] for keys in catalogues.values())


def test_every_sentence_that_a_template_wants_is_there() -> None:
    texts = load_texts(WEB / "texts")
    for path in (WEB / "templates").rglob("*.html"):
        for key in re.findall(r"\bta?\('([a-z_.]+[a-z_])'[,)]", path.read_text()):
            assert texts.has(key), f"{path.name} wants {key}"


def test_a_missing_translation_shows_english_and_says_so() -> None:
    texts = Texts({"en": {"wait": "Wait {name}"}, "nl": {"wait": None}})
    assert texts.marked_up("nl", "wait", name="<b>") == '<span class="fallback" lang="en">Wait &lt;b&gt;</span>'
    assert texts.plain("nl", "wait", name="x") == "[en] Wait x"


def test_a_translation_is_used_as_it_is() -> None:
    texts = Texts({"en": {"wait": "Wait"}, "nl": {"wait": "Wacht"}})
    assert texts.marked_up("nl", "wait") == "Wacht"
    with pytest.raises(KeyError):
        texts.plain("en", "nothing")


def test_nothing_is_left_untranslated() -> None:
    for path in (WEB / "texts").glob("*.yaml"):
        assert [key for key, text in load_once(path.read_text()).items() if not text] == [], path.stem


def test_what_varies_in_a_sentence_varies_in_every_language() -> None:
    catalogues = {path.stem: load_once(path.read_text()) for path in (WEB / "texts").glob("*.yaml")}
    for key, text in catalogues["en"].items():
        names = set(re.findall(r"{(\w+)}", text))
        assert {code: set(re.findall(r"{(\w+)}", own[key])) for code, own in catalogues.items() if own[key]} == {
            code: names for code in catalogues
        }, key


def times(language: str = "en") -> Times:
    return Times(load_texts(WEB / "texts"), language, AMSTERDAM)


@pytest.mark.parametrize(
    ("language", "that_day", "later"),
    [
        ("en", "02:05", "Sun 22 Nov 02:05"),
        ("nl", "02:05", "zo 22 nov 02:05"),
        ("sv", "02:05", "sön 22 nov. 02:05"),
        ("fi", "2.05", "su 22.11. 2.05"),
        ("zh", "02:05", "11月22日周日 02:05"),
    ],
)
def test_times_are_told_in_the_sites_zone(language: str, that_day: str, later: str) -> None:
    assert f">{that_day}</time>" in times(language).moment(AT, AT)
    assert f">{later}</time>" in times(language).moment(AT, AT + timedelta(hours=23))


@pytest.mark.parametrize(("language", "said"), [("pt-BR", "22 de nov."), ("xx", "22 Nov"), ("..", "22 Nov")])
def test_a_catalogue_of_a_sites_own_has_dates_too(language: str, said: str) -> None:
    assert said in times(language).moment(AT, AT + timedelta(hours=23))


def test_a_call_is_told_to_the_second_and_the_whole_date_is_beside_it() -> None:
    assert ">02:05:09</time>" in times().clock(AT, AT)
    assert "Sunday, 22 November 2026 02:05:09 CET" in times().clock(AT, AT)
    assert "zondag 22 november 2026 02:05:09 CET" in times("nl").clock(AT, AT)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min"), (7_800, "2 h 10"), (86_400, "1 d 0 h")],
)
def test_spans(seconds: int, said: str) -> None:
    assert times().span(seconds) == said
    assert f">{said}</time>" in times().ago(AT, AT + timedelta(seconds=seconds))


def test_what_is_still_to_come_is_told_as_such() -> None:
    assert ">in 4 min</time>" in times().ago(AT + timedelta(minutes=4), AT)
    assert ">in 4 min" not in times("nl").ago(AT + timedelta(minutes=4), AT)


@pytest.mark.parametrize("language", ["en", "nl", "sv", "fi", "zh"])
def test_the_pages_scripts_count_on_in_the_same_words(language: str) -> None:
    spans = json.loads(times(language).spans())
    assert spans["h"].format(h=2, min="10") == times(language).span(7_800)
    assert spans["s"].format(s=5) == times(language).span(5)


@given(st.text(max_size=300))
def test_text_from_outside_has_nothing_that_cannot_be_seen(text: str) -> None:
    shown = visible(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", shown)
    assert len(shown) == len(text)


def test_four_thousand_characters_are_enough() -> None:
    assert len(visible("x" * 9_000)) == 4_000
    assert visible("a\nb", lines=True) == "a\nb"
    assert visible("a\nb") == "a\u240ab"


def test_the_memory_of_waits_that_were_told_is_bounded() -> None:
    told = AuditedWaits(keys=3)
    assert all(told.is_new(f"{n}@", AT, 300) for n in range(10))
    assert len(told._until) == 3


def test_a_wait_ends_when_the_oldest_try_that_counts_leaves_the_window() -> None:
    rate = LoginRate(limit=2, window_s=300)
    tried = [AT + timedelta(seconds=n) for n in (0, 10, 20)]
    assert rate.wait_s(tried[:1], tried[1]) == 0
    assert rate.wait_s(tried[:2], tried[2]) == 280
    assert rate.wait_s(tried, tried[2]) == 290
