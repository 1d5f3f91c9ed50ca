"""Trained classifiers on disk, named by the hash of what they learnt from: arrays and JSON, nothing to execute."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from config.documents import digest
from ivr.sound_files import write_whole
from ivr.understanding import thresholds, training
from ivr.understanding.classifier import Classifier
from ivr.understanding.features import LETTERS, PLAIN, Sense, Vocabulary
from ivr.understanding.nearest import NearestExamples
from ivr.understanding.thresholds import PRICES, Thresholds
from ivr.understanding.training import Example, silent

FORMAT = 5


@dataclass(frozen=True)
class Recipe:
    """How a classifier is made, beside the examples: by what it means, and which emergencies the rule finds."""

    sense: Sense = PLAIN
    fires: Callable[[str], bool] = silent
    rule: str = ""  # names the rule: another one gives other thresholds


def trained(examples: Sequence[Example], folder: Path | None, recipe: Recipe = Recipe()) -> Classifier:
    """From the shelf where it was trained before, else trained and put there."""
    if folder is None:
        return training.train(examples, recipe.sense, recipe.fires)
    path = folder / f"{_name(examples, recipe)}.npz"
    try:
        return load(path, recipe.sense)
    except (OSError, ValueError, KeyError, BadZipFile):
        classifier = training.train(examples, recipe.sense, recipe.fires)
    try:
        save(classifier, path)
        return load(path, recipe.sense)  # as kept, so that it weighs the same today and after the next start
    except OSError:  # no room for it: trained anew at the next start
        return classifier


def _name(examples: Sequence[Example], recipe: Recipe) -> str:
    made = [
        FORMAT,
        training.LARGE,
        training.DIRECTIONS,
        training.GRAM_SHARE,
        training.INVERSE_PENALTY,
        list(LETTERS),
        vars(PRICES),
        thresholds.CHOICES,
        recipe.sense.digest,
        recipe.rule,
    ]
    return digest([made, [[example.topic, example.source, *example.words] for example in examples]])[:32]


def save(classifier: Classifier, path: Path) -> None:
    """Written aside and moved into place, so that a reader never sees half a file. Raises: OSError."""
    near = classifier.nearest
    text = {"topics": classifier.topics, "grams": list(classifier.vocabulary.index), "near": [near.texts, near.meant]}
    content = io.BytesIO()
    np.savez(
        content,
        text=np.frombuffer(json.dumps(text).encode(), np.uint8),
        weight=classifier.vocabulary.weight,
        of_meaning=classifier.of_meaning,
        of_grams=classifier.of_grams.astype(np.float16),
        bias=classifier.bias,
        vectors=near.vectors,
        numbers=np.array([classifier.temperature, classifier.joint, *vars(classifier.thresholds).values()], np.float64),
    )
    write_whole(path, content.getvalue())


def load(path: Path, sense: Sense = PLAIN) -> Classifier:
    """Raises: OSError, ValueError, KeyError, zipfile.BadZipFile."""
    with np.load(path, allow_pickle=False) as kept:
        text = json.loads(kept["text"].tobytes())
        temperature, joint, *chosen = map(float, kept["numbers"])
        texts, meant = text["near"]
        return Classifier(
            topics=tuple(text["topics"]),
            vocabulary=Vocabulary({gram: i for i, gram in enumerate(text["grams"])}, kept["weight"]),
            of_meaning=kept["of_meaning"],
            of_grams=kept["of_grams"].astype(np.float32),
            bias=kept["bias"],
            temperature=temperature,
            thresholds=Thresholds(*chosen),
            sense=sense,
            joint=joint,
            nearest=NearestExamples(tuple(texts), tuple(meant), kept["vectors"]),
        )
