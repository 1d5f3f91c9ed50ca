"""`onenumber models`: which speech models there are, which are installed, and installing one."""

from typing import NoReturn

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from config.settings import Settings
from stt import catalogue, choose, store
from stt.whisper import packaged_model

app = typer.Typer(no_args_is_help=True)
out = Console()


@app.command("list")
def list_() -> None:
    """The official Vosk models for the languages of the line, and the packaged Whisper model."""
    settings = Settings()
    table = Table("language", "model", "about", "", box=None, pad_edge=False)
    table.add_row("en", "whisper tiny.en", "75 MB", "from PyPI, with the line" if packaged_model() else "-")
    for model in catalogue.MODELS:
        here = (settings.speech.models / model.language / model.name).is_dir()
        table.add_row(model.language, model.name, f"{model.megabytes} MB", "installed" if here else "")
    out.print(table)
    for sentence in catalogue.WITHOUT.values():
        out.print(sentence)


@app.command()
def install(
    language: str = typer.Argument(help="a language (en, nl, sv, zh), or a model's full name"),
    large: bool = typer.Option(False, "--large", help="the largest model instead of the small one"),
) -> None:
    """Fetch an official Vosk model, check it and put it in place."""
    settings = Settings()
    model = _wanted(language, large)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=out
    ) as bar:
        task = bar.add_task(model.name, total=None)
        try:
            with httpx.Client() as client:
                path = store.install(
                    model,
                    settings.speech.models,
                    client,
                    lambda done, whole: bar.update(task, completed=done, total=whole or None),
                )
        except store.NotInstalled as reason:
            bar.stop()
            _refuse(f"{model.name} was not installed: {reason} {_otherwise(settings, model.language)}")
    out.print(f"{model.name} is in {path}.")
    out.print(_in_use(settings, model.language))


@app.command()
def status() -> None:
    """Which engine hears each language here, and how well it was measured to."""
    settings = Settings()
    for language in dict.fromkeys(["en", *(model.language for model in catalogue.MODELS), *catalogue.WITHOUT]):
        out.print(_in_use(settings, language))


def _wanted(language: str, large: bool) -> catalogue.Model:
    exact = catalogue.named(language)
    if exact:
        return exact
    models = catalogue.models_of(language)
    if not models:
        _refuse(catalogue.WITHOUT.get(language, f"There is no model for {language!r}; see onenumber models list."))
    return max(models, key=lambda model: model.megabytes if large else model.small)


def _in_use(settings: Settings, language: str) -> str:
    engine = choose.best(settings.speech, language)
    return f"{language}: {engine.says if engine else 'no recogniser installed, callers use keys'}"


def _otherwise(settings: Settings, language: str) -> str:
    """What callers have without it."""
    engine = choose.best(settings.speech, language)
    if engine:
        return f"{language!r} is heard with {engine.name} meanwhile."
    return f"Callers in {language!r} use keys meanwhile."


def _refuse(sentence: str) -> NoReturn:
    Console(stderr=True, soft_wrap=True).print(sentence, markup=False)
    raise typer.Exit(1)
