"""Sentences with what they mean, to measure understanding by: read from files that say who wrote them."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from config.documents import ExampleSet
from config.yaml_once import load_once

UNSAID = "unknown: the file does not say"


class BadLine(ValueError):
    """A sentence file is not what it should be; the message names the place."""


@dataclass(frozen=True)
class LabelledSentence:
    text: str
    topic: str  # a topic, `oos`, `emergency`, or an act
    place: str | None = None  # the id of the place said, where the file tells
    near: bool = False  # only sounds like an emergency


@dataclass(frozen=True)
class LabelledSet:
    lines: tuple[LabelledSentence, ...]
    author: str = UNSAID
    about: str = ""


def read_set(path: Path) -> LabelledSet:
    """A set of examples in YAML, or lines of {"text", "topic"}. Raises: BadLine, OSError."""
    if path.suffix == ".yaml":
        return _of_examples(path)
    rows = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return LabelledSet(tuple(_line(row, f"{path}:{number}") for number, row in rows if row.strip()))


def _of_examples(path: Path) -> LabelledSet:
    try:
        held = ExampleSet.model_validate(load_once(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        fault = error.errors()[0]
        raise BadLine(f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
    said = [LabelledSentence(text, topic) for topic, texts in held.said.items() for text in texts]
    near = [LabelledSentence(text, topic, near=True) for topic, texts in held.near.items() for text in texts]
    return LabelledSet((*said, *near), held.author, held.about)


def _line(row: str, where: str) -> LabelledSentence:
    try:
        value = json.loads(row)
        near = bool(value.get("near_miss", False))
        return LabelledSentence(str(value["text"]), str(value["topic"]), value.get("place") or None, near)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadLine(f"{where}: not an object with text and topic") from error
