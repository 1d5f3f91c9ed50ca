"""What of Whisper's writing is believed."""

from dataclasses import replace

import pytest

from stt.doubt import Decoding, better, is_doubtful, is_phantom, without_phantoms


def reading(text: str, confidence: float = 0.9, log_probability: float = -0.2, no_speech: float = 0.01) -> Decoding:
    words = tuple((word, confidence, at * 300, at * 300 + 300) for at, word in enumerate(text.split()))
    return Decoding(text, words, log_probability, no_speech, 1.0, 3_000)


@pytest.mark.parametrize(
    "made_up",
    [
        reading(""),
        reading("."),
        reading("Thank you.", confidence=0.4),
        reading("Thanks for watching!", no_speech=0.5),
        reading("You", confidence=0.2),
        reading("The quick brown fox", log_probability=-1.0, no_speech=0.8),
        reading("Zing bling", confidence=0.2, log_probability=-1.5),
    ],
)
def test_noise_gives_no_words(made_up: Decoding) -> None:
    assert is_phantom(made_up)
    assert without_phantoms(made_up).text == ""
    assert without_phantoms(made_up).words == ()


@pytest.mark.parametrize("text", ["Thank you.", "Okay.", "Bye.", "No.", "The drain on ward 4 is blocked."])
def test_words_that_the_sound_bears_out_stay(text: str) -> None:
    assert without_phantoms(reading(text)).text == text


def test_a_thank_you_added_to_a_sentence_is_dropped() -> None:
    words = (*tuple((w, 0.9, 0, 0) for w in ("There", "is", "a", "fire.")), ("Thank", 0.3, 0, 0), ("you.", 0.4, 0, 0))
    kept = without_phantoms(Decoding("There is a fire. Thank you.", words, -0.3, 0.01, 1.0, 3_000))
    assert kept.text == "There is a fire."
    assert [word[0] for word in kept.words] == ["There", "is", "a", "fire."]


def test_a_thank_you_that_was_said_stays() -> None:
    assert without_phantoms(reading("Call me back. Thank you.")).text == "Call me back. Thank you."


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("Help me. Help me.", True),
        ("Yes? Yes?", True),
        ("Help me.", False),
        ("", False),
        ("Can you hear me? Can you hear", True),
        ("Hello? Hello? Can you hear me? Hello? Hello? Can", True),
        ("No, no, ward five.", False),
        ("the lift is on the left and the", False),
    ],
)
def test_what_is_said_twice_is_read_again(text: str, doubtful: bool) -> None:
    assert is_doubtful(reading(text)) is doubtful


def test_what_is_unlikely_is_read_again() -> None:
    assert is_doubtful(reading("Up a creek", log_probability=-1.1))


def test_of_two_readings_the_likelier_is_believed_unless_it_repeats_itself() -> None:
    once, twice = reading("Help me.", log_probability=-0.6), reading("Help me. Help me.", log_probability=-0.3)
    assert better(twice, once) is once
    assert better(once, reading("Kelp tea.", log_probability=-0.9)) is once


def test_noise_is_not_read_again() -> None:
    assert not is_doubtful(reading("Thank you.", log_probability=-1.5, no_speech=0.93))


def test_confidence_is_the_geometric_mean_of_the_words() -> None:
    words = (("ward", 0.9, 0, 0), ("four", 0.4, 0, 0))
    assert Decoding("ward four", words, -0.2, 0.0, 1.0, 900).confidence == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("shouted", "believed"),
    [
        ("fire fire fire fire fire fire fire fire", "fire"),
        ("Fire! Fire! Fire! Fire! Fire! Fire! Fire! Fire! Fire!", "Fire!"),
        ("Help me. Help me. Help me. Help me. Help me. Help me.", "Help me."),
        ("he is not breathing " * 6, "he is not breathing"),
        ("come quick " + "fire " * 20 + "on ward two", "come quick fire on ward two"),
    ],
)
def test_what_is_shouted_over_and_over_is_believed_once(shouted: str, believed: str) -> None:
    kept = without_phantoms(replace(reading(shouted), repetition=2.6))
    assert kept.text == believed
    assert [word[0] for word in kept.words] == believed.split()


def test_noise_over_and_over_gives_no_words() -> None:
    assert without_phantoms(replace(reading("Thank you. " * 9, confidence=0.3), repetition=4.0)).text == ""
    assert without_phantoms(replace(reading("hahahahahahahahahahahaha"), repetition=4.0)).text == ""
    assert without_phantoms(replace(reading("zing " * 9, 0.2, log_probability=-1.5), repetition=4.0)).text == ""


def test_a_shout_is_believed_over_what_was_made_up() -> None:
    shout = replace(reading("fire " * 8), repetition=2.6)
    assert better(shout, reading("Thank you.", confidence=0.3)) is shout
