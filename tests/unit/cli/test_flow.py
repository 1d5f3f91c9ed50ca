"""`onenumber flow`: a flow is checked before it may be published."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from cli.flow import app
from config.settings import PROJECT

MAIN = PROJECT / "config/flows/main.yaml"


@pytest.mark.parametrize(
    ("step", "field", "value", "problem"),
    [
        ("goodbye", "prompt", "farewell", ("missing_prompt", "goodbye", "prompt")),
        ("goodbye", "colour", "red", ("form", "goodbye", "colour")),
    ],
)
def test_problems_are_told_to_programs(
    tmp_path: Path, step: str, field: str, value: str, problem: tuple[str, str, str]
) -> None:
    flow = yaml.safe_load(MAIN.read_text())
    flow["steps"][step][field] = value
    path = tmp_path / "main.yaml"
    path.write_text(yaml.safe_dump(flow))
    ran = CliRunner().invoke(app, ["validate", str(path), "--json"])
    (told,) = json.loads(ran.stdout)
    assert (ran.exit_code, (told["code"], told["step"], told["field"])) == (1, problem)


def test_a_sound_flow_has_none() -> None:
    assert CliRunner().invoke(app, ["validate", str(MAIN), "--json"]).stdout == "[]\n"
