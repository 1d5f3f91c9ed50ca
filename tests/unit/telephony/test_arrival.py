"""What a channel's variables say of who arrives, and how."""

from datetime import UTC, datetime

import pytest

from routing.numbers import Proof
from telephony.agi import Environment
from telephony.arrival import ARRIVAL_VARIABLES, ENDING_VARIABLES, Arrival, arrival_of, ending_of
from telephony.sip_identity import ClaimedCaller


def arrival(**variables: str) -> Arrival:
    environment = Environment({"callerid": "5550", "calleridname": "Line"})
    return arrival_of({name: variables.get(name, "") for name in ARRIVAL_VARIABLES}, environment)


@pytest.mark.parametrize(
    ("variables", "number", "proof"),
    [
        ({"ON_FROM": "<sip:204@h>"}, "204", Proof.NONE),
        ({"ON_FROM": "<sip:204@h>", "ON_TRUSTED": "yes"}, "204", Proof.TRUNK),
        ({"ON_FROM": "<sip:1@h>", "ON_TRUSTED": "yes", "ON_ASSERTED": "<tel:204>"}, "204", Proof.TRUNK),
        ({"ON_FROM": "<sip:1@h>", "ON_PHONE": "204"}, "204", Proof.PHONE),
        ({"ON_FROM": "<sip:1@h>", "ON_PHONE": "204", "ON_TRUSTED": "yes"}, "204", Proof.PHONE),
    ],
)
def test_the_endpoint_proves_a_number(variables: dict[str, str], number: str, proof: Proof) -> None:
    arrived = arrival(**variables)
    assert (arrived.caller.number, arrived.proof) == (number, proof)


def test_a_call_of_our_own_has_no_invite_to_read() -> None:
    arrived = arrival(ON_ATTEMPT="an-attempt", ON_FROM="<sip:204@h>", ON_TRUSTED="yes")
    assert (arrived.caller, arrived.proof) == (ClaimedCaller("5550", "Line"), Proof.NONE)


def test_a_caller_whose_headers_say_nothing_is_withheld() -> None:
    assert arrival().caller == ClaimedCaller(withheld=True)


@pytest.mark.parametrize(
    ("text", "taken_at"),
    [("", None), ("soon", None), ("-1", None), ("1795918200", datetime.fromtimestamp(1_795_918_200, UTC))],
)
def test_when_the_dialplan_took_the_call(text: str, taken_at: datetime | None) -> None:
    assert arrival(ON_AT=text).taken_at == taken_at


@pytest.mark.parametrize(
    ("ours", "asterisks", "status"), [("ANSWER", "CANCEL", "ANSWER"), ("", "CANCEL", "CANCEL"), ("", "", "")]
)
def test_a_dial_that_the_caller_ended_is_known_from_asterisk_alone(ours: str, asterisks: str, status: str) -> None:
    read = {**dict.fromkeys(ENDING_VARIABLES, ""), "ON_DIALSTATUS": ours, "DIALSTATUS": asterisks}
    assert ending_of(read).dial_status == status
