"""A place by its number, however its number is written, keyed or said."""

from dataclasses import replace

import pytest

from config.documents import Place, load_edition
from config.settings import PROJECT
from ivr.flow import Flow
from ivr.place_codes import PlaceCodes
from ivr.ports import Understanding
from ivr.script import Script
from ivr.simulator import Simulation, World, simulate
from ivr.understanding.understander import LanguageUnderstander
from tests.unit.ivr.site import CALLER, GivenUnderstander, begin, edition

DEMO = load_edition(PROJECT / "config")
HOSPITAL = PlaceCodes.of(DEMO.places)


def place(id: str, name: str, code: str, *also: str) -> Place:
    return Place(id=id, name={"en": name}, code=code, also={"en": also})


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("04", "ward-4"), ("4", "ward-4"), ("4#", "ward-4"), ("004", "ward-4"), ("12", "ward-12"), ("21", "theatre-1"),
        ("7213", "room-2-13"), ("213", "room-2-13"), ("2*13#", "room-2-13"), ("2.13", "room-2-13"),
        ("2.5", "room-2-05"), ("2.05", "room-2-05"), ("205", "room-2-05"), ("36", "laboratory"),
    ],
)  # fmt: skip
def test_a_number_in_any_form_is_the_place_that_has_it(number: str, found: str) -> None:
    assert [place.id for place in HOSPITAL.find(number)] == [found]


@pytest.mark.parametrize("number", ["3456", "8888", "0", "2.99", ""])
def test_a_number_that_nothing_has_is_no_place(number: str) -> None:
    assert list(HOSPITAL.find(number)) == []


def test_codes_are_numbers_however_the_site_writes_them() -> None:
    codes = PlaceCodes.of([place("a", "the annex", "A-04"), place("b", "room 2.13", "2.13"), place("c", "hall", "H")])
    assert [codes.find(number)[0].id for number in ("4", "04", "213")] == ["a", "a", "b"]
    assert codes.keyed == {"04", "4", "213"}


TWINS = (place("ward-4", "ward 4", "4"), place("annex-4", "annex 4", "04"), place("ward-5", "ward 5", "05"))


def test_a_zero_that_was_keyed_tells_twins_apart_and_one_left_out_does_not() -> None:
    codes = PlaceCodes.of(TWINS)
    assert [place.id for place in codes.find("04")] == ["annex-4"]
    assert [place.id for place in codes.find("4")] == ["ward-4", "annex-4"]


def test_the_number_in_names_finds_only_what_no_code_does() -> None:
    codes = PlaceCodes.of([place("w", "ward 4", "801"), place("t", "theatre 4", "901"), place("x", "stores", "7")])
    assert {place.id for place in codes.find("4")} == {"w", "t"}
    assert [place.id for place in codes.find("7")] == ["x"]


class Numbered(GivenUnderstander):
    """Understands numbers as well."""

    def understand(self, text: str, language: str, confidence: float = 1.0) -> Understanding:
        heard = super().understand(text, language, confidence)
        number = text if text.replace(".", "").isdigit() else None
        return replace(heard, digits=number and number.replace(".", ""), number=number) if number else heard


def play(*caller: str, places: tuple[Place, ...] = TWINS) -> Simulation:
    site = edition().model_copy(update={"places": places})
    script = Script(Flow.model_validate(site.flows["main"]), site)
    return simulate(script, Numbered(), begin(**CALLER), caller, World())


@pytest.mark.parametrize(("key", "chosen"), [("key 1", "ward-4"), ("key 2", "annex-4"), ("2", "annex-4")])
def test_of_several_places_the_caller_chooses(key: str, chosen: str) -> None:
    call = play("drain", "key 4#", key, "silence")
    assert call.steps()[1:4] == ["ask which_place", "ask which_of_places", "ask understood_place"]
    assert call.state.facts.place == chosen


def test_who_does_not_choose_goes_on_without_a_place() -> None:
    call = play("drain", "key 4#", "silence")
    assert call.state.facts.place is None
    assert call.ending == "talked"


@pytest.mark.parametrize(("said", "chosen"), [("5", "ward-5"), ("05", "ward-5")])
def test_the_number_alone_may_be_said(said: str, chosen: str) -> None:
    assert play("drain", said, "silence").state.facts.place == chosen


def test_a_number_keeps_its_point_as_it_was_said() -> None:
    mind = LanguageUnderstander(DEMO.languages["en"], {}, {}, None)
    said = mind.understand("it's two point five", 1.0)
    assert (said.digits, said.number) == ("25", "2.5")
    assert mind.understand("zero four", 1.0).number == "04"
