"""`onenumber flow`: validate a call flow, play it in text, run a stored call again."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
import yaml
from pydantic import ValidationError

from config.documents import Edition, load_edition
from config.problem import Problem
from config.settings import Settings
from config.yaml_once import load_once
from ivr.facts import Facts
from ivr.flow import Flow
from ivr.outcome_json import UnknownOutcome
from ivr.script import Script
from ivr.simulator import World, described, simulate, steps_of
from ivr.state import State
from ivr.validation import problems

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json")]
File = Annotated[Path, typer.Argument(help="A flow document (YAML).")]


class FlowRefused(Exception):
    """The flow cannot be used; the text says why, a line each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def load(path: Path, edition: Edition) -> Flow:
    """Raises: FlowRefused."""
    try:
        flow = Flow.model_validate(load_once(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise FlowRefused([_of_file(path, "unreadable", f"cannot be read: {error.strerror}")]) from error
    except yaml.YAMLError as error:
        raise FlowRefused([_of_file(path, "not_yaml", f"is not YAML: {error}")]) from error
    except ValidationError as error:
        raise FlowRefused([_in_form(path, fault["loc"], fault["msg"]) for fault in error.errors()]) from error
    if found := problems(flow, edition):
        raise FlowRefused(found)
    return flow


def _of_file(path: Path, code: str, what: str) -> Problem:
    return Problem(code, path.name, None, None, f"{path} {what}")


def _in_form(path: Path, where: tuple[int | str, ...], what: str) -> Problem:
    """`where` of a step begins with "steps", its name and its verb."""
    at = [str(name) for name in where]
    step, field = (at[1], at[3:]) if at[:1] == ["steps"] and len(at) > 1 else (None, at)
    return Problem("form", path.name, step, ".".join(field) or None, f"{'.'.join(at) or 'document'}: {what}")


@app.command()
def validate(file: File, as_json: AsJson = False) -> None:
    """Check a flow; exit 1 and every problem in a line when it may not be published."""
    edition = load_edition(Settings().line.config_dir)
    try:
        flow = load(file, edition)
    except FlowRefused as refusal:
        text = json.dumps([asdict(each) for each in refusal.problems], ensure_ascii=False) if as_json else str(refusal)
        typer.echo(text, err=not as_json)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo("[]")
        return
    typer.echo(f"{file}: flow “{flow.id}” is sound: {len(flow.steps)} steps")


@app.command("replay")
def replay_(call_id: Annotated[str, typer.Argument(help="The id of a stored call.")]) -> None:
    """Run a stored call again, with the documents it began with; exit 1 when that leads elsewhere than it did."""
    from runtime import credentials, operator, replaying

    async def run() -> replaying.Replayed:
        async with operator.records(credentials.settings()) as records:
            return await replaying.replayed(records, call_id)

    try:
        call = asyncio.run(run())
    except (replaying.NotReplayable, UnknownOutcome) as error:
        operator.refuse(f"the call cannot be run again: {error}.")
    typer.echo("\n".join(steps_of(call.replay.actions)))
    if not call.same:
        operator.refuse("it leads elsewhere than the call did.")


@app.command("simulate")
def simulate_(
    file: File,
    turn: Annotated[list[str] | None, typer.Argument(help='What the caller does: words, "key 12", "silence".')] = None,
    staffed: Annotated[bool, typer.Option(help="Somebody is there to answer.")] = True,
    caller: Annotated[str, typer.Option("--from", help="The caller's number; empty: withheld.")] = "204",
    as_json: AsJson = False,
) -> None:
    """Play a call in text; without turns given, they are read line by line from standard input."""
    settings = Settings()
    edition = load_edition(settings.line.config_dir)
    try:
        script = Script(load(file, edition), edition)
    except FlowRefused as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None
    from ivr.understanding.understander import build  # loads a sentence encoder
    from runtime.encoders import senses

    understander = build(edition, settings.paths.understanding, senses(settings))
    facts = Facts(caller_number=caller, identified=True, callable=True) if caller else Facts()
    state = State(flow=script.flow.id, language=settings.line.language, facts=facts)
    turns = turn if turn else [line.strip() for line in typer.get_text_stream("stdin") if line.strip()]
    call = simulate(script, understander, state, turns, World(staffed=staffed))
    if as_json:
        actions = [{"action": described(action), **asdict(action)} for action in call.actions]
        typer.echo(
            json.dumps({"ending": call.ending, "facts": call.state.facts.to_json(), "actions": actions}, indent=2)
        )
    else:
        typer.echo("\n".join(call.steps()))
