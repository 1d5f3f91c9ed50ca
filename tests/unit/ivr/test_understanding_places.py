"""Places and numbers as people say them and recognisers write them."""

from pathlib import Path

import pytest

from config.documents import LanguagePack
from config.yaml_once import load_once
from ivr.understanding.gazetteer import spoken_names
from ivr.understanding.numbers import Numbers
from ivr.understanding.places import Names
from ivr.understanding.words import utterance

CONFIG = Path(__file__).resolve().parents[3] / "config"
PACK = LanguagePack.model_validate(load_once((CONFIG / "languages/en.yaml").read_text(encoding="utf-8")))


def names(file: str) -> Names:
    rows = load_once((CONFIG / file).read_text(encoding="utf-8"))
    return Names({row["id"]: (row["name"]["en"], *row.get("also", {}).get("en", ())) for row in rows}, PACK)


PLACES, ASSETS = names("places.yaml"), names("assets.yaml")


def place(text: str) -> str | None:
    found, _ = PLACES.find(spoken_names(text, PACK))
    return found.id if found else None


@pytest.mark.parametrize(
    ("text", "place_id"),
    [
        ("the drain on ward four", "ward-4"),
        ("ward 4", "ward-4"),
        ("Ward four, bed two", "ward-4"),
        ("ward twelve please", "ward-12"),
        ("ward one two", "ward-12"),
        ("ward number nine", "ward-9"),
        ("the sink on ward for is blocked", "ward-4"),
        ("it's on ward too", "ward-2"),
        ("on word four", "ward-4"),
        ("on war 4", "ward-4"),
        ("outside War II.", "ward-2"),
        ("room two thirteen", "room-2-13"),
        ("room 2.13", "room-2-13"),
        ("room 213", "room-2-13"),
        ("room two one three", "room-2-13"),
        ("room two point thirteen", "room-2-13"),
        ("room two hundred and thirteen", "room-2-13"),
        ("room one oh five", "room-1-05"),
        ("room two point five", "room-2-05"),
        ("room 2.13 on ward five", "room-2-13"),
        ("operating theatre two", "theatre-2"),
        ("theater three", "theatre-3"),
        ("in OR 2", "theatre-2"),
        ("in cardiology", "heart-clinic"),
        ("the heart clinic", "heart-clinic"),
        ("the hot clinic", "heart-clinic"),
        ("at A&E", "emergency-department"),
        ("a and e", "emergency-department"),
        ("the I.C.U.", "intensive-care"),
        ("X-ray", "radiology"),
        ("in the opthalmology", "eye-clinic"),
        ("physio therapy", "physiotherapy"),
        ("the kids' ward", "children"),
        ("the children's ward", "children"),
        ("take him from ward two to theatre one", "ward-2"),
        ("not ward four, ward five", "ward-5"),
        ("the kitchen on ward three", "ward-3"),
        ("the toilet next to the pharmacy in the main entrance", "reception"),
    ],
)
def test_a_place_is_found(text: str, place_id: str) -> None:
    assert place(text) == place_id


@pytest.mark.parametrize(
    "text",
    [
        "the ward for children needs more beds than that",
        "ward ninety nine",
        "room five hundred",
        "ward four or ward five",
        "in a minute or two",
        "a word to the wise",
        "we need more ten pound notes",
        "what five things",
        "it is broken",
        "",
    ],
)
def test_none_rather_than_a_wrong_one(text: str) -> None:
    assert place(text) is None


def test_what_was_heard_is_kept_and_doubt_shows() -> None:
    sure, _ = PLACES.find(spoken_names("on Ward Four.", PACK))
    unsure, _ = PLACES.find(spoken_names("on word four", PACK))
    assert sure is not None
    assert unsure is not None
    assert (sure.words, sure.name, sure.confidence) == ("Ward Four", "ward 4", 1.0)
    assert unsure.confidence < sure.confidence


@pytest.mark.parametrize(
    ("text", "asset_id"),
    [
        ("the infusion pump is broken", "infusion-pump"),
        ("my drip pump", "infusion-pump"),
        ("defib battery", "defibrillator"),
        ("the label printer", "label-printer"),
        ("the printer", "printer"),
        ("not the printer, the computer", "computer"),
    ],
)
def test_a_thing_is_found(text: str, asset_id: str) -> None:
    found, _ = ASSETS.find(spoken_names(text, PACK))
    assert found is not None
    assert found.id == asset_id


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("two one three", ["213"]),
        ("twenty one", ["21"]),
        ("one hundred and five", ["105"]),
        ("three hundred", ["300"]),
        ("oh six double two", ["0622"]),
        ("two point oh five", ["2.05"]),
        ("my number is 5 5 0 and the room is twelve", ["550", "12"]),
        ("nothing", []),
    ],
)
def test_spoken_numbers_become_digits(text: str, digits: list[str]) -> None:
    assert [spoken.digits for spoken in Numbers(PACK).all(utterance(text).words)] == digits
