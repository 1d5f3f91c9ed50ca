"""Trains all-MiniLM-L6-v2 further on the shipped examples of a language, and keeps it as one file of 23 MB.

Run by `docker/tuning/tune.sh` in an environment of its own: no line of this is run by the line itself. Cross-entropy
over the classes of the examples, all six layers, the embeddings of words left alone. Beside the model three others
are trained, each without a third of the examples: what these say of that third is kept, so that thresholds can be
chosen on sentences that the model has not seen. Seeds are fixed; another processor or another torch gives another
file that is as good.

Usage: tune.py EXAMPLES WEIGHTS TOKENIZER FOLDER
"""

import hashlib
import json
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import graph
import numpy as np
import onnx
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

ORIGIN = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2"
LICENCE = "Apache-2.0"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SEED = 7
EPOCHS, BATCH = 3, 32
RATE, RATE_OF_CLASSES, WARM_UP = 8e-5, 2e-3, 0.1
SMOOTHING = 0.05  # of the labels: some examples could stand under another topic as well
AS_WRITTEN = 0.3  # of the times a sentence is learnt as it was written, else as the line reads it
FOLDS = 3
LONGEST = 64  # tokens, while training

Example = dict[str, str]  # text, as the line reads it; source, as it was written; topic


class Layer(nn.Module):
    """One of BERT's, under its publisher's names."""

    def __init__(self, weights: dict[str, Tensor], name: str) -> None:
        super().__init__()
        self.parts = nn.ParameterDict(
            {
                key.replace(".", "/"): nn.Parameter(value.clone())
                for key, value in weights.items()
                if key.startswith(name)
            }
        )
        self.name = name

    def linear(self, x: Tensor, part: str) -> Tensor:
        return functional.linear(x, self._of(f"{part}.weight"), self._of(f"{part}.bias"))

    def norm(self, x: Tensor, part: str) -> Tensor:
        return functional.layer_norm(
            x, (graph.SIZE,), self._of(f"{part}.weight"), self._of(f"{part}.bias"), graph.EPSILON
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = (
            self.linear(x, f"attention.self.{part}").unflatten(-1, (graph.HEADS, -1)).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, mask[:, None, None, :])
        out = self.linear(mixed.transpose(1, 2).flatten(-2), "attention.output.dense")
        x = self.norm(functional.dropout(out, 0.1, self.training) + x, "attention.output.LayerNorm")
        wide = functional.gelu(self.linear(x, "intermediate.dense"))
        out = self.linear(wide, "output.dense")
        return self.norm(functional.dropout(out, 0.1, self.training) + x, "output.LayerNorm")

    def _of(self, part: str) -> Tensor:
        return self.parts[f"{self.name}.{part}".replace(".", "/")]


class TopicModel(nn.Module):
    """Sentences to scores of classes."""

    def __init__(self, weights: dict[str, Tensor], tokenizer: Tokenizer, classes: Sequence[str]) -> None:
        super().__init__()
        self.fixed = {name: value for name, value in weights.items() if name.startswith("embeddings.")}
        self.layers = nn.ModuleList(Layer(weights, f"encoder.layer.{number}") for number in range(graph.LAYERS))
        self.classes = nn.Linear(graph.SIZE, len(classes))
        self.tokenizer = tokenizer

    def forward(self, sentences: Sequence[str]) -> Tensor:
        read = self.tokenizer.encode_batch(list(sentences))
        ids = torch.tensor([each.ids for each in read])
        mask = torch.tensor([each.attention_mask for each in read]).bool()
        x = self.fixed["embeddings.word_embeddings.weight"][ids]
        x = x + self.fixed["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x = x + self.fixed["embeddings.token_type_embeddings.weight"][0]
        names = ("embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias")
        x = functional.layer_norm(x, (graph.SIZE,), *(self.fixed[name] for name in names), graph.EPSILON)
        x = functional.dropout(x, 0.1, self.training)
        for layer in self.layers:
            x = layer(x, mask)
        counts = mask[..., None].float()
        mean = functional.normalize((x * counts).sum(1) / counts.sum(1), dim=-1)
        return self.classes(graph.SHARPNESS * mean)

    def arrays(self) -> dict[str, np.ndarray]:
        """For `graph.model`."""
        learnt = {key.replace("/", "."): value for layer in self.layers for key, value in layer.parts.items()}
        named = {**self.fixed, **learnt, "classes.weight": self.classes.weight, "classes.bias": self.classes.bias}
        return {name: value.detach().numpy() for name, value in named.items()}


def published(path: Path) -> dict[str, Tensor]:
    """What the safetensors file holds. Raises: SystemExit where it is not the published one."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != WEIGHTS:
        raise SystemExit(f"{path.name} is not the published one (its SHA-256 differs); nothing was made from it.")
    (size,) = struct.unpack("<Q", content[:8])
    entries = {name: entry for name, entry in json.loads(content[8 : 8 + size]).items() if entry.get("dtype") == "F32"}
    found = {}
    for name, entry in entries.items():
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        found[name] = torch.tensor(np.frombuffer(content[start:end], "<f4").reshape(entry["shape"]))
    return found


def trained(model: TopicModel, examples: Sequence[Example], classes: Sequence[str]) -> TopicModel:
    """Topics with few examples weigh as much as those with many, by half."""
    labels = np.array([classes.index(each["topic"]) for each in examples])
    counts = np.bincount(labels, minlength=len(classes))
    weigh = torch.tensor(np.sqrt(counts.max() / np.maximum(counts, 1)), dtype=torch.float32)
    rates = (RATE, RATE_OF_CLASSES)
    parameters = (model.layers.parameters(), model.classes.parameters())
    optimizer = torch.optim.AdamW([{"params": list(each)} for each in parameters], weight_decay=0.01, foreach=True)
    rng = np.random.default_rng(SEED)
    steps = EPOCHS * -(-len(examples) // BATCH)
    model.train()
    for step, batch in enumerate(batches(len(examples), rng)):
        share = min(1.0, (step + 1) / (WARM_UP * steps)) * max(0.02, 1 - step / steps)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * share
        said = [examples[at]["source"].lower() if rng.random() < AS_WRITTEN else examples[at]["text"] for at in batch]
        wanted = torch.tensor(labels[batch])
        loss = functional.cross_entropy(model(said), wanted, weight=weigh, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step} of {steps}, loss {loss.item():.2f}", flush=True)
    return model.eval()


def batches(count: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    for _ in range(EPOCHS):
        order = rng.permutation(count)
        yield from (order[at : at + BATCH] for at in range(0, count, BATCH))


def likelihoods(model: TopicModel, examples: Sequence[Example]) -> np.ndarray:
    """(examples, classes), natural logarithms."""
    with torch.no_grad():
        parts = [
            functional.log_softmax(model([each["text"] for each in examples[at : at + BATCH]]), -1)
            for at in range(0, len(examples), BATCH)
        ]
    return torch.cat(parts).numpy()


def fold_of(example: Example) -> int:
    """Sentences made from one are held out together."""
    return hashlib.sha256(example["source"].encode()).digest()[0] % FOLDS


def held_out(fresh: TopicModel, examples: Sequence[Example], classes: Sequence[str]) -> np.ndarray:
    """What models say that were trained without them."""
    begun = {name: value.clone() for name, value in fresh.state_dict().items()}
    said = np.zeros((len(examples), len(classes)), np.float32)
    for fold in range(FOLDS):
        fresh.load_state_dict(begun)
        inside = [at for at, example in enumerate(examples) if fold_of(example) == fold]
        trained(fresh, [example for example in examples if fold_of(example) != fold], classes)
        said[inside] = likelihoods(fresh, [examples[at] for at in inside])
        right = np.mean([classes[said[at].argmax()] == examples[at]["topic"] for at in inside])
        print(f"held out {fold}: right in {right:.3f}", flush=True)
    fresh.load_state_dict(begun)
    return said


def key(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def main() -> None:
    lines, weights, tokenizer, folder = map(Path, sys.argv[1:])
    torch.manual_seed(SEED)
    examples = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    classes = sorted({example["topic"] for example in examples})
    reads = Tokenizer.from_file(str(tokenizer))
    reads.enable_truncation(LONGEST)
    reads.enable_padding()
    model = TopicModel(published(weights), reads, classes)
    said = held_out(model, examples, classes)
    made = graph.model(trained(model, examples, classes).arrays())
    onnx.checker.check_model(made)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(made.SerializeToString(deterministic=True))
    (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    keys = np.array([key(example["text"]) for example in examples], np.uint64)
    np.savez_compressed(folder / "held_out.npz", keys=keys, likelihoods=said.astype(np.float16))
    names = ("model.onnx", "tokenizer.json", "held_out.npz")
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    whence = {"origin": ORIGIN, "licence": LICENCE, "weights_sha256": WEIGHTS}
    told = {**whence, "examples": len(examples), "classes": classes, "sha256": hashes}
    (folder / "manifest.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
