"""From example sentences to a classifier; scikit-learn is needed here and nowhere else.

One logistic regression over the sentence's meaning and its n-grams, calibrated by temperature and given its
threshold on predictions for sentences that were held out in turn. A large set is trained on the main directions of
its n-grams, which gives the same weights per n-gram in a tenth of the time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from config.documents import ACTS, EMERGENCY_CLASS, OUT_OF_SCOPE
from ivr.understanding import nearest, thresholds
from ivr.understanding.classifier import Classifier, log, softmax
from ivr.understanding.features import PLAIN, Floats, Sense, Vocabulary
from ivr.understanding.thresholds import Labels
from ivr.understanding.tuned import joined

FOLDS = 3
LARGE = 500_000  # examples times topics
DIRECTIONS = 400
GRAM_SHARE = 1.2  # length of the n-gram part beside the meaning's 1
INVERSE_PENALTY = 5.0
SEED = 7
TEMPERATURES = tuple(float(t) for t in np.geomspace(0.4, 3.0, 25))


@dataclass(frozen=True)
class Example:
    words: tuple[str, ...]
    topic: str
    source: str = ""  # examples made from one sentence share it, and are held out together


def silent(text: str) -> bool:
    """The emergency rule of who has none."""
    return False


def train(examples: Sequence[Example], sense: Sense = PLAIN, fires: Callable[[str], bool] = silent) -> Classifier:
    """A classifier for the topics of the examples; `oos`, acts and `emergency` among them are allowed and help.

    `fires`: whether the emergency rule speaks on a sentence.

    Raises: ValueError when fewer than two classes have examples, or none of them is a topic.
    """
    topics = tuple(sorted({example.topic for example in examples}))
    if len(topics) < 2 or not set(topics) - {OUT_OF_SCOPE, EMERGENCY_CLASS, *ACTS}:
        raise ValueError("examples of at least two topics are needed")
    labels = np.array([topics.index(example.topic) for example in examples], np.int64)
    vocabulary = Vocabulary.learn([example.words for example in examples])
    meant = sense([" ".join(example.words) for example in examples])
    grams, directions = _grams(vocabulary, examples, large=len(examples) * len(topics) > LARGE)
    features = _side_by_side(meant, grams)
    held_out = _held_out_scores(features, labels, len(topics), _folds(examples))
    weights, bias = _fit(features, labels, len(topics))
    of_grams = GRAM_SHARE * weights[sense.size :]
    temperature = _temperature(held_out, labels)
    sure = softmax(held_out / temperature)
    joint = 1.0
    if sense.tuned is not None:
        weighed = sense.tuned.held_out([" ".join(example.words) for example in examples])
        together = joined(log(sure), topics, weighed, sense.tuned.classes)
        joint = _temperature(together, labels)
        sure = softmax(together / joint)
    texts = [example.source or " ".join(example.words) for example in examples]
    fired = {text: fires(text) for text in texts}
    return Classifier(
        topics=topics,
        vocabulary=vocabulary,
        of_meaning=weights[: sense.size],
        of_grams=of_grams if directions is None else np.asarray(directions @ of_grams, np.float32),
        bias=bias,
        temperature=temperature,
        thresholds=thresholds.choose(sure, labels, topics, np.array([fired[text] for text in texts], np.bool_)),
        sense=sense,
        joint=joint,
        nearest=nearest.of_examples(texts, [example.topic for example in examples], meant),
    )


def _grams(vocabulary: Vocabulary, examples: Sequence[Example], large: bool) -> tuple[Any, Floats | None]:
    """The n-grams of the examples, sparse; or, when `large`, dense in their directions (n-grams, DIRECTIONS)."""
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import TruncatedSVD

    vectors = [vocabulary.vector(example.words) for example in examples]
    ends = np.cumsum([0, *(len(indices) for indices, _, _ in vectors)])
    shape = (len(examples), len(vocabulary.index))
    values, indices = np.concatenate([v for _, v, _ in vectors]), np.concatenate([i for i, _, _ in vectors])
    matrix = csr_matrix((values, indices, ends), shape=shape, dtype=np.float32)
    if not large:
        return matrix, None
    svd = TruncatedSVD(min(DIRECTIONS, min(shape) - 1), n_iter=2, random_state=SEED)
    reduced = np.asarray(svd.fit_transform(matrix), np.float32)
    return reduced, np.asarray(svd.components_.T, np.float32)


def _side_by_side(sense: Floats, grams: Any) -> Any:
    from scipy.sparse import csr_matrix, hstack, issparse

    if issparse(grams):
        return hstack([csr_matrix(sense), GRAM_SHARE * grams]).tocsr()
    return np.hstack([sense, GRAM_SHARE * grams]).astype(np.float32)


def _fit(features: Any, labels: Labels, topics: int) -> tuple[Floats, Floats]:
    """Weights (features, topics) and bias. Topics with few examples weigh as much as those with many, by half."""
    from sklearn.linear_model import LogisticRegression

    counts = np.bincount(labels, minlength=topics)
    balance = np.sqrt(counts.max() / np.maximum(counts, 1))[labels]
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=200, tol=1e-3).fit(features, labels, sample_weight=balance)
    weights, bias = model.coef_.T, model.intercept_
    if topics == 2:  # scikit-learn keeps one column for two classes
        weights, bias = np.hstack([-weights, weights]) / 2, np.array([-bias[0], bias[0]]) / 2
    return np.asarray(weights, np.float32), np.asarray(bias, np.float32)


def _folds(examples: Sequence[Example]) -> Labels:
    """A fold for each example: every topic in every fold, sentences of one source together."""
    sources: dict[str, dict[object, int]] = {}
    for example in examples:
        sources.setdefault(example.topic, {}).setdefault(example.source or example.words, 0)
    rng = np.random.default_rng(SEED)
    for of_topic in sources.values():
        order = rng.permutation(len(of_topic))
        of_topic.update(zip(of_topic, (order % FOLDS).tolist(), strict=True))
    return np.array([sources[example.topic][example.source or example.words] for example in examples], np.int64)


def _held_out_scores(features: Any, labels: Labels, topics: int, fold_of: Labels) -> Floats:
    """The scores each example gets from a model that has not seen it."""
    scores = np.full((len(labels), topics), -1e3, np.float32)
    for fold in range(FOLDS):
        test = fold_of == fold
        present, relabelled = np.unique(labels[~test], return_inverse=True)
        weights, bias = _fit(features[~test], relabelled, len(present))
        scores[np.ix_(np.flatnonzero(test), present)] = features[test] @ weights + bias
    return scores


def _temperature(scores: Floats, labels: Labels) -> float:
    """The temperature under which the held-out examples are least surprising."""

    def surprise(temperature: float) -> float:
        right = softmax(scores / temperature)[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(right, 1e-9)).mean())

    return min(TEMPERATURES, key=surprise)
