"""Whatever comes of an action can be stored and is the same when it is read again."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import Heard, Outcome, Pressed, Recalled, Spoken
from ivr.facts import Facts
from ivr.outcome_json import OUTCOMES, UnknownOutcome, from_json, to_json
from ivr.ports import EmergencyHeard, Intent, Key, PlaceHeard, Understanding

st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
UNDERSTANDINGS = st.recursive(
    st.builds(Understanding, others=st.just(())),
    lambda inner: st.builds(Understanding, others=st.lists(inner, max_size=2).map(tuple)),
    max_leaves=3,
)
st.register_type_strategy(Understanding, UNDERSTANDINGS)


def again(outcome: Outcome) -> Outcome:
    return from_json(json.loads(json.dumps(to_json(outcome))))


def test_every_outcome_has_its_form() -> None:
    assert set(OUTCOMES.values()) == set(get_args(Outcome))


@pytest.mark.parametrize("kind", get_args(Outcome), ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_an_outcome_is_read_as_it_was_written(kind: Any, data: st.DataObject) -> None:
    outcome = data.draw(st.from_type(kind))
    assert again(outcome) == outcome


def test_of_an_understanding_only_what_it_holds_is_written() -> None:
    assert to_json(Spoken()) == {"outcome": "spoken"}
    heard = Heard(Understanding("ward four", place=PlaceHeard("ward-4", "ward 4", "ward four", 0.9)))
    place = {"id": "ward-4", "name": "ward 4", "words": "ward four", "confidence": 0.9}
    assert to_json(heard) == {"outcome": "heard", "understanding": {"text": "ward four", "place": place}}


def test_what_was_nested_has_its_types_again() -> None:
    meant = Understanding("x", EmergencyHeard(("fire",)), intent=Intent("plumbing", 0.9, ("drain",), (("lift", 0.1),)))
    heard = again(Heard(Understanding("x", others=(meant,))))
    assert isinstance(heard, Heard)
    assert heard.understanding.others == (meant,)
    assert hash(again(Recalled(Facts(topic="plumbing", confidence=0.93, why=("a", "b"))))) is not None
    assert again(Pressed(Key("5", 120))) == Pressed("5")


@pytest.mark.parametrize("data", [{}, {"outcome": "danced"}, {"outcome": "pressed"}, {"outcome": "waiting", "x": 1}])
def test_what_is_no_outcome_is_refused_without_its_text(data: dict[str, Any]) -> None:
    with pytest.raises(UnknownOutcome):
        from_json(data)
