"""What the person who started the line is told."""

from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console

from routing.model import Call, CallerId, CallState
from supervisor.line_status import calls_text
from supervisor.panel import PanelContent, panel, plain

SHOWN = PanelContent(
    dial="sip:100@192.0.2.7:5060",
    desk="http://127.0.0.1:8080/",
    desk_https="https://192.0.2.7:8443/",
    logins={"anna": "abcd-efgh-jkmn"},
    speech="whisper (tiny.en)",
    voice="en: piper",
    calls="2: 1 waiting",
    parts=[("controller", "up", "process 7")],
    logs="var/log",
    news=["controller: [red]started[/red]"],
    ready=True,
)


def rendered(shown: PanelContent) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(panel(shown))
    return capture.get()


def test_the_panel_shows_all_that_a_person_needs() -> None:
    text = rendered(SHOWN)
    for expected in (
        SHOWN.dial,
        SHOWN.desk,
        SHOWN.desk_https,
        "anna",
        "abcd-efgh-jkmn",
        SHOWN.speech,
        SHOWN.voice,
        SHOWN.calls,
        "open",
    ):
        assert expected in text


def test_what_happened_is_shown_as_it_is_and_not_as_markup() -> None:
    assert "[red]started[/red]" in rendered(SHOWN)


def test_a_line_that_is_not_ready_does_not_say_that_it_is_open() -> None:
    assert "open" not in rendered(replace(SHOWN, ready=False))


def test_plain_lines_end_with_one_that_can_be_waited_for() -> None:
    assert "abcd-efgh-jkmn" not in "".join(plain(SHOWN))
    assert "anna; `onenumber password show LOGIN`" in "".join(plain(SHOWN))
    assert "desk: http://127.0.0.1:8080/ and, from other machines, https://192.0.2.7:8443/" in plain(SHOWN)
    assert "desk: http://127.0.0.1:8080/" in plain(replace(SHOWN, desk_https=""))
    assert plain(SHOWN)[-1] == "ready: dial sip:100@192.0.2.7:5060, desk at http://127.0.0.1:8080/"


def test_calls_are_told_by_what_they_do() -> None:
    call = Call("1", "demo", "100", CallerId(), datetime.now(UTC), {})
    waiting = replace(call, state=CallState.WAITING)
    assert calls_text([]) == "0"
    assert calls_text([call, call, waiting]) == "3: 2 talking to the line, 1 waiting"
