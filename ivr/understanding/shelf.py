"""Trained classifiers on disk, named by the hash of what they learnt from: arrays and JSON, nothing to execute."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from config.documents import digest
from ivr.sound_files import write_whole
from ivr.understanding import training
from ivr.understanding.classifier import Classifier
from ivr.understanding.features import LETTERS, Vocabulary
from ivr.understanding.training import Example

FORMAT = 3


def trained(examples: Sequence[Example], folder: Path | None) -> Classifier:
    """From the shelf where it was trained before, else trained and put there."""
    if folder is None:
        return training.train(examples)
    path = folder / f"{_name(examples)}.npz"
    try:
        return load(path)
    except (OSError, ValueError, KeyError, BadZipFile):
        classifier = training.train(examples)
    try:
        save(classifier, path)
        return load(path)  # as kept, so that it weighs the same today and after the next start
    except OSError:  # no room for it: trained anew at the next start
        return classifier


def _name(examples: Sequence[Example]) -> str:
    recipe = [
        FORMAT,
        training.LARGE,
        training.DIRECTIONS,
        training.GRAM_SHARE,
        training.INVERSE_PENALTY,
        list(LETTERS),
        training.RECALL_WORTH,
    ]
    return digest([recipe, [[example.topic, *example.words] for example in examples]])[:32]


def save(classifier: Classifier, path: Path) -> None:
    """Written aside and moved into place, so that a reader never sees half a file. Raises: OSError."""
    text = {"topics": classifier.topics, "grams": list(classifier.vocabulary.index)}
    content = io.BytesIO()
    np.savez(
        content,
        text=np.frombuffer(json.dumps(text).encode(), np.uint8),
        weight=classifier.vocabulary.weight,
        of_meaning=classifier.of_meaning,
        of_grams=classifier.of_grams.astype(np.float16),
        bias=classifier.bias,
        numbers=np.array([classifier.temperature, classifier.threshold], np.float64),
    )
    write_whole(path, content.getvalue())


def load(path: Path) -> Classifier:
    """Raises: OSError, ValueError, KeyError, zipfile.BadZipFile."""
    with np.load(path, allow_pickle=False) as kept:
        text = json.loads(kept["text"].tobytes())
        temperature, threshold = kept["numbers"]
        return Classifier(
            topics=tuple(text["topics"]),
            vocabulary=Vocabulary({gram: i for i, gram in enumerate(text["grams"])}, kept["weight"]),
            of_meaning=kept["of_meaning"],
            of_grams=kept["of_grams"].astype(np.float32),
            bias=kept["bias"],
            temperature=float(temperature),
            threshold=float(threshold),
        )
