"""`onenumber intents`: what the line understands, sentence by sentence and in figures."""

import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from config.documents import LanguagePack, load_edition
from config.settings import Settings
from config.yaml_once import load_once
from ivr.ports import Understanding

app = typer.Typer(no_args_is_help=True)

# One thread for matrices: sentences are short, and threads that wait for each other cost more than they save.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

File = Annotated[
    Path,
    typer.Option(exists=True, dir_okay=False, help='Sets like config/examples, or lines of {"text", "topic"}.'),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Language = Annotated[str, typer.Option("--lang", help="Language of the sentences.")]


@app.command()
def evaluate(
    test: File,
    train: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Train on this file in place of config/topics.")
    ] = None,
    lang: Language = "en",
    as_json: AsJson = False,
) -> None:
    """What is right at once and after one question, and what is missed or asked in vain, over labelled sentences."""
    from ivr.understanding import labelled, measure

    settings = Settings()
    try:
        tested = labelled.read_set(test)
        if train:
            figures = measure.measure_training(labelled.read_set(train).lines, tested, _pack(settings, lang))
        else:
            began = time.perf_counter()
            line = _line(settings)
            figures = measure.measure_line(line, tested, lang, time.perf_counter() - began, line.thresholds(lang))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    _print(asdict(figures), as_json)


@app.command()
def classify(text: str, lang: Language = "en", as_json: AsJson = False) -> None:
    """What the line makes of one sentence, and why."""
    _print(readable(_line(Settings()).understand(text, lang)), as_json)


def readable(heard: Understanding) -> dict[str, Any]:
    """An understanding as the JSON that `classify` prints."""
    return {
        "text": heard.text,
        "topic": heard.intent.topic,
        "confidence": heard.intent.confidence,
        "place": asdict(heard.place) if heard.place else None,
        "asset": asdict(heard.asset) if heard.asset else None,
        "danger": asdict(heard.danger) if heard.danger else None,
        "either": list(heard.either or ()),
        "emergency": list(heard.emergency.words) if heard.emergency else None,
        "act": heard.act,
        "correction": heard.correction,
        "digits": heard.digits,
        "why": list(heard.intent.why),
        "alternatives": [list(pair) for pair in heard.intent.alternatives],
        "others": [readable(other) for other in heard.others],
    }


def _line(settings: Settings) -> Any:
    from ivr.understanding.understander import build
    from runtime.encoders import senses

    return build(load_edition(settings.line.config_dir), settings.paths.understanding, senses(settings))


def _pack(settings: Settings, lang: str) -> LanguagePack:
    path = settings.line.config_dir / "languages" / f"{lang}.yaml"
    if not lang.isalpha() or not path.exists():
        raise typer.BadParameter(f"no words for language {lang!r}: {path} is missing")
    return LanguagePack.model_validate(load_once(path.read_text(encoding="utf-8")))


def _print(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    table = Table(show_header=False)
    for key, value in result.items():
        rows = (
            [json.dumps(row, ensure_ascii=False) for row in value] if isinstance(value, list | tuple) else [str(value)]
        )
        table.add_row(key, "\n".join(rows))
    Console().print(table)
