"""`onenumber intents` as a person at a terminal meets it."""

import json
from pathlib import Path

from typer.testing import CliRunner

from cli.intents import app, readable
from ivr.ports import EmergencyHeard, Intent, PlaceHeard, Understanding

RUN = CliRunner()
LINES = [
    ("the sink is blocked", "drain"),
    ("a blocked drain", "drain"),
    ("no toner", "print"),
    ("the printer jams", "print"),
]


def write(path: Path, rows: list[tuple[str, str]]) -> str:
    path.write_text("".join(json.dumps({"text": a, "topic": b}) + "\n" for a, b in rows), encoding="utf-8")
    return str(path)


def test_a_training_file_is_tried_on_a_test_file(tmp_path: Path) -> None:
    train, test = write(tmp_path / "a.jsonl", LINES), write(tmp_path / "b.jsonl", [("the drain is blocked", "drain")])
    result = RUN.invoke(app, ["evaluate", "--train", train, "--test", test, "--json"])
    figures = json.loads(result.stdout)
    assert result.exit_code == 0
    assert figures["in_scope_accuracy"] == 1.0
    assert figures["out_of_scope_recall"] is None
    assert figures["predict_ms_p50"] > 0
    assert figures["train_seconds"] > 0


def test_a_bad_line_and_a_missing_language_are_said_in_a_sentence(tmp_path: Path) -> None:
    good, bad = write(tmp_path / "a.jsonl", LINES), tmp_path / "bad.jsonl"
    bad.write_text("{}\n", encoding="utf-8")
    for arguments in (["--test", str(bad)], ["--test", good, "--lang", "xx"]):
        result = RUN.invoke(app, ["evaluate", "--train", good, *arguments])
        assert result.exit_code == 2
        assert "Traceback" not in result.output


def test_what_was_understood_is_readable() -> None:
    told = readable(
        Understanding(
            text="fire on ward four",
            emergency=EmergencyHeard(("fire",)),
            intent=Intent("oos", 0.4),
            place=PlaceHeard("ward-4", "ward 4", "ward four", 1.0),
        )
    )
    assert told["emergency"] == ["fire"]
    assert told["place"]["id"] == "ward-4"
    assert {"topic", "confidence", "place", "emergency", "why"} <= set(told)
