from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.announcing import announce
from ivr.fake import words_of
from ivr.fake_voice import WordsVoice
from ivr.locales import en, nl
from ivr.ports import VoiceDown
from ivr.spoken_parts import fixed_pieces, parts
from ivr.spoken_times import spoken_time

PROMPTS = {
    "en": {"greet": "Hello.", "number": "Your number is {number}. We come {time}."},
    "nl": {"greet": "Hallo."},
}
VARIABLES = {"number": en.digits("4721"), "time": "by half past three this afternoon"}
SAID_AHEAD = (*en.vocabulary(), *fixed_pieces(PROMPTS["en"], "en"))


async def test_a_sentence_is_spoken_by_the_voice() -> None:
    said = await announce(WordsVoice(), PROMPTS, "number", VARIABLES, "en")
    assert said.source == "voice"
    assert words_of(said.pcm) == said.text
    assert said.text == "Your number is four seven, two one. We come by half past three this afternoon."


async def test_a_recorded_file_replaces_the_prompt() -> None:
    voice = WordsVoice(recordings={("greet", "nl"): b"recorded"})
    said = await announce(voice, PROMPTS, "greet", {}, "nl")
    assert (said.source, said.pcm, said.language) == ("recorded", b"recorded", "nl")


async def test_with_a_dead_voice_numbers_and_times_are_still_spoken() -> None:
    voice = WordsVoice(prepared=SAID_AHEAD)
    voice.down = True
    said = await announce(voice, PROMPTS, "number", VARIABLES, "en")
    assert said.source == "parts"
    assert [text for text, _ in voice.said] == [
        "Your number is", "four", "seven", "two", "one", "We come", "by", "half past", "three", "this afternoon",
    ]  # fmt: skip


async def test_recorded_parts_are_preferred() -> None:
    voice = WordsVoice(prepared=SAID_AHEAD, recordings={("part_half_past", "en"): b"half past, recorded"})
    voice.down = True
    said = await announce(voice, PROMPTS, "number", VARIABLES, "en")
    assert b"half past, recorded" in said.pcm


async def test_a_voice_without_any_parts_is_down() -> None:
    voice = WordsVoice()
    voice.down = True
    with pytest.raises(VoiceDown):
        await announce(voice, PROMPTS, "number", VARIABLES, "en")


def test_names_are_said_whole_and_unknown_words_left_out() -> None:
    known = (*en.vocabulary(), "the heart clinic")
    assert parts("At {place}.", {"place": "the heart clinic four zzz"}, known, "en") == [
        "At",
        "the heart clinic",
        "four",
    ]


@given(st.integers(-10, 60 * 24 * 60))
def test_every_promised_time_can_be_put_together(minutes: int) -> None:
    now = datetime(2026, 11, 23, 9, 2, tzinfo=UTC)
    time = spoken_time(now + timedelta(minutes=minutes), now, "Europe/London", "en")
    assert " ".join(parts("{time}", {"time": time}, en.vocabulary(), "en")) == time


def test_every_promised_duration_is_one_part() -> None:
    assert parts("{time}", {"time": "within an hour and a half"}, en.vocabulary(), "en") == [
        "within an hour and a half"
    ]


def test_a_place_is_said_with_the_word_before_it() -> None:
    known = (*en.vocabulary(), "ward 4", "at ward 4", "a blocked drain")
    template = "I understood: {topic}, at {place}. Right?"
    values = {"topic": "a blocked drain", "place": "ward 4"}
    assert parts(template, values, known, "en") == ["I understood", "a blocked drain", "at ward 4", "Right"]
    assert set(fixed_pieces({"x": template}, "en")) == {"I understood", "at", "Right"}


def test_without_a_linked_name_the_piece_stays_whole() -> None:
    assert parts("It is at {place}.", {"place": "ward 4"}, ("ward 4",), "en") == ["It is at", "ward 4"]
    assert set(fixed_pieces({"x": "It is at {place}."}, "en")) == {"It is at", "It is"}


async def test_with_a_dead_voice_a_dutch_sentence_is_put_together_from_dutch_parts() -> None:
    prompts = {"nl": {"understood": "Ik heb begrepen: {topic}, bij {place}. We komen {time}."}}
    known = (*nl.vocabulary(), *fixed_pieces(prompts["nl"], "nl"), "een lek", "bij afdeling 4")
    voice = WordsVoice(prepared=known)
    voice.down = True
    variables = {"topic": "een lek", "place": "afdeling 4", "time": "uiterlijk morgen om half tien 's ochtends"}
    said = await announce(voice, prompts, "understood", variables, "nl", ("een lek", "afdeling 4"))
    assert (said.source, said.language) == ("parts", "nl")
    assert [text for text, _ in voice.said] == [
        "Ik heb begrepen", "een lek", "bij afdeling 4", "We komen", "uiterlijk morgen om", "half", "tien",
        "'s ochtends",
    ]  # fmt: skip
