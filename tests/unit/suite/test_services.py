"""A use case lives once: nobody but a service changes records of the line, or says that something changed."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import PROJECT

OUTSIDE = ("ivr", "controller", "web", "desk", "runtime")
CHANGES = {
    "calls": {"open", "end", "append"},
    "legs": {"open", "end"},
    "tickets": {"open", "join", "correct", "move", "set_urgency", "add_message", "add_note"},
    "corrections": {"make"},
    "queue": {"enter", "leave", "refused_by"},
    "agents": {"change", "heartbeat", "phones_registered"},
    "offers": {"claim", "advance"},
    "wrap_ups": {"wrap_up", "add_note"},
    "drafts": {"keep"},
    "emergencies": {"open", "attach", "advance", "ring", "ring_ended", "ask_take", "advance_take"},
    "outbound_calls": {"store", "advance", "claim_attempt", "advance_attempt", "connect", "served", "take_over"},
    "talks": {"ask", "advance_command", "left", "note_channel"},
    "help": {"ask", "advance"},
    "notices": {"post", "withdraw", "dismiss"},
    "walls": {"make", "withdraw"},
}
HELD_BY = {"help": "floor", "notices": "floor", "walls": "floor"}  # the rest by the records themselves


def calls_in(file: Path) -> Iterator[tuple[ast.Call, str, str, str]]:
    """Each call `owner.of.method(…)`, taken apart."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            owner = of.value if isinstance(of, ast.Attribute) else None
            yield node, _name(owner), _name(of), node.func.attr


def _name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr.lstrip("_")
    return node.id if isinstance(node, ast.Name) else ""


def by_themselves(file: Path) -> list[str]:
    """What a file changes, or says, without a service."""
    found = []
    for call, owner, of, method in calls_in(file):
        changes = owner == HELD_BY.get(of, "records") and method in CHANGES.get(of, ())
        says = of == "news" and method == "publish"
        if changes or says:
            found.append(f"{file.name}:{call.lineno} {ast.unparse(call.func)}")
    return found


@pytest.mark.parametrize("room", OUTSIDE)
def test_rooms_change_the_line_through_its_services(room: str) -> None:
    assert [each for file in sorted((PROJECT / room).rglob("*.py")) for each in by_themselves(file)] == []


def test_a_change_past_the_services_is_found(tmp_path: Path) -> None:
    file = tmp_path / "page.py"
    acts = ("records.tickets.move('t')", "records.floor.help.ask('h')", "news.publish('ticket')")
    file.write_text("async def act(line):\n" + "".join(f" await line.{each}\n" for each in acts))
    assert len(by_themselves(file)) == 3
