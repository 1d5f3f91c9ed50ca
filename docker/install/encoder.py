"""From the published weights of all-mpnet-base-v2 to an ONNX file in whole numbers of 8 bits.

Run in an environment that has `numpy` and `onnx`; no line of this is run by the line itself. The graph is MPNet's
(Song et al. 2020; Hugging Face's `MPNetModel`) with mean pooling and unit length, as its publisher's. Weights of
matrices become 7 bits and a sign per column, which does not overflow where a processor adds pairs in 16 bits; what
goes through them is rounded anew for each call. The same weights give the same file.

Usage: encoder.py WEIGHTS TOKENIZER FOLDER
"""

import hashlib
import json
import math
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

NAME = "all-mpnet-base-v2"
ORIGIN = "https://huggingface.co/sentence-transformers/all-mpnet-base-v2"
LICENCE = "Apache-2.0"
WEIGHTS = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
TOKENIZER = "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842"
FORMAT = 1
LAYERS, HEADS, SIZE = 12, 12, 768
LONGEST = 128  # tokens; nobody says more in one breath
BUCKETS, FARTHEST = 32, 128  # of relative positions
FIRST_POSITION = 2  # positions of MPNet begin after its padding
STEPS = 63  # of a weight to either side of nothing
EPSILON = 1e-5


class Refused(Exception):
    """The files are not the published ones; the message is one sentence for people."""


def checked(path: Path, sha256: str) -> bytes:
    """Raises: Refused."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Refused(f"{path.name} is not the published one (its SHA-256 differs); nothing was made from it.")
    return content


def tensors(content: bytes) -> dict[str, np.ndarray]:
    """What a safetensors file holds: a length, a JSON of types, shapes and places, then the numbers."""
    (size,) = struct.unpack("<Q", content[:8])
    entries = json.loads(content[8 : 8 + size])
    found = {}
    for name, entry in entries.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = entry["data_offsets"]
            found[name] = np.frombuffer(content[8 + size + start : 8 + size + end], "<f4").reshape(entry["shape"])
    return found


def bucket(distance: int) -> int:
    """Which of the learnt biases stands for a distance in tokens, exact when near, by logarithm when far."""
    half = BUCKETS // 2
    side, distance = (half if distance > 0 else 0), abs(distance)
    near = half // 2
    if distance < near:
        return side + distance
    far = near + int(math.log(distance / near) / math.log(FARTHEST / near) * (half - near))
    return side + min(far, half - 1)


def position_bias(learnt: np.ndarray) -> np.ndarray:
    """(1, heads, LONGEST, LONGEST): what is added to attention from row to column."""
    buckets = np.array([[bucket(key - query) for key in range(LONGEST)] for query in range(LONGEST)])
    return np.ascontiguousarray(learnt[buckets].transpose(2, 0, 1)[None], np.float32)


class Graph:
    """Nodes and constants, named as they come: a transformer's parts, of MPNet's sizes unless a subclass has others."""

    HEADS, SIZE, EPSILON = HEADS, SIZE, EPSILON

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, array: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def add(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        names = [f"n{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def linear(self, x: str, name: str) -> str:
        """A linear layer in whole numbers; `name` is the layer's among the weights."""
        weight = self.weights[f"{name}.weight"].T
        scale = np.maximum(np.abs(weight).max(axis=0), 1e-9) / STEPS
        whole = self.constant(np.rint(weight / scale).astype(np.int8))
        x8, x_scale, x_zero = self.add("DynamicQuantizeLinear", x, outputs=3)
        product = self.add("MatMulInteger", x8, whole, x_zero)
        scaled = self.add("Mul", x_scale, self.constant(scale.astype(np.float32)))
        real = self.add("Mul", self.add("Cast", product, to=TensorProto.FLOAT), scaled)
        return str(self.add("Add", real, self.constant(self.weights[f"{name}.bias"])))

    def norm(self, x: str, name: str) -> str:
        gain, bias = (self.constant(self.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return str(self.add("LayerNormalization", x, gain, bias, axis=-1, epsilon=self.EPSILON))

    def heads(self, x: str) -> str:
        """(batch, heads, tokens, SIZE / HEADS)."""
        parted = self.add("Reshape", x, self.ints(0, 0, self.HEADS, self.SIZE // self.HEADS))
        return str(self.add("Transpose", parted, perm=[0, 2, 1, 3]))

    def embedded(self, ids: str, length: str) -> str:
        positions = self.weights["embeddings.position_embeddings.weight"][FIRST_POSITION : FIRST_POSITION + LONGEST]
        return self.placed(ids, length, positions)

    def placed(self, ids: str, length: str, positions: np.ndarray) -> str:
        """Words with what is added to each place."""
        words = self.weights["embeddings.word_embeddings.weight"]
        scale = np.maximum(np.abs(words).max(axis=1, keepdims=True), 1e-9) / 127
        whole = self.add("Gather", self.constant(np.rint(words / scale).astype(np.int8)), ids)
        rows = self.add("Gather", self.constant(scale.astype(np.float32)), ids)
        meant = self.add("Mul", self.add("Cast", whole, to=TensorProto.FLOAT), rows)
        placed = self.add("Slice", self.constant(positions), self.ints(0), length, self.ints(0))
        return self.norm(self.add("Add", meant, placed), "embeddings.LayerNorm")

    def attended(self, x: str, bias: str, layer: str) -> str:
        parts = (f"{layer}.attention.attn.{part}" for part in "qkv")
        out = self.linear(self.mixed(x, bias, parts), f"{layer}.attention.attn.o")
        return self.norm(self.add("Add", out, x), f"{layer}.attention.LayerNorm")

    def mixed(self, x: str, bias: str, parts: Iterable[str]) -> str:
        """Each token, by what the others say to it; `parts` are the layers of query, key and value."""
        query, key, value = (self.heads(self.linear(x, part)) for part in parts)
        turned = self.add("Transpose", key, perm=[0, 1, 3, 2])
        near = self.add("Mul", self.add("MatMul", query, turned),
                        self.constant(np.float32(1 / math.sqrt(self.SIZE // self.HEADS))))  # fmt: skip
        shares = self.add("Softmax", self.add("Add", near, bias), axis=-1)
        mixed = self.add("Transpose", self.add("MatMul", shares, value), perm=[0, 2, 1, 3])
        return str(self.add("Reshape", mixed, self.ints(0, 0, self.SIZE)))

    def layer(self, x: str, bias: str, number: int) -> str:
        name = f"encoder.layer.{number}"
        x = self.attended(x, bias, name)
        wide = self.add("Gelu", self.linear(x, f"{name}.intermediate.dense"))
        return self.norm(self.add("Add", self.linear(wide, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")

    def pooled(self, x: str, mask: str) -> str:
        """The mean of the tokens that count, of length 1."""
        counts = self.add("Unsqueeze", mask, self.ints(-1))
        total = self.add("ReduceSum", self.add("Mul", x, counts), self.ints(1), keepdims=0)
        mean = self.add("Div", total, self.add("ReduceSum", counts, self.ints(1), keepdims=0))
        return str(self.add("LpNormalization", mean, axis=-1, p=2))


def model(weights: dict[str, np.ndarray]) -> Any:
    """Inputs `ids` (int64) and `mask` (float: 1 for a token, 0 for padding), (batch, tokens); output `meaning`."""
    graph = Graph(weights)
    length = graph.add("Shape", "ids", start=1, end=2)
    x = graph.embedded("ids", length)
    whole = graph.constant(position_bias(weights["encoder.relative_attention_bias.weight"]))
    square = graph.add("Concat", length, length, axis=0)
    bias = graph.add("Slice", whole, graph.ints(0, 0), square, graph.ints(2, 3))
    hidden = graph.add("Mul", graph.add("Sub", "mask", graph.constant(np.float32(1))), graph.constant(np.float32(1e4)))
    bias = graph.add("Add", bias, graph.add("Unsqueeze", hidden, graph.ints(1, 2)))
    for number in range(LAYERS):
        x = graph.layer(x, bias, number)
    graph.nodes.append(helper.make_node("Identity", [graph.pooled(x, "mask")], ["meaning"]))
    shape = ["batch", "tokens"]
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, shape),
              helper.make_tensor_value_info("mask", TensorProto.FLOAT, shape)]  # fmt: skip
    output = helper.make_tensor_value_info("meaning", TensorProto.FLOAT, ["batch", SIZE])
    made = helper.make_graph(graph.nodes, NAME, inputs, [output], graph.constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def main() -> None:
    weights, tokenizer, folder = map(Path, sys.argv[1:])
    try:
        words = checked(tokenizer, TOKENIZER)
        made = model(tensors(checked(weights, WEIGHTS)))
    except Refused as reason:
        raise SystemExit(str(reason)) from None
    onnx.checker.check_model(made)
    content = made.SerializeToString(deterministic=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_bytes(words)
    (folder / "model.onnx").write_bytes(content)
    told = {"name": NAME, "origin": ORIGIN, "licence": LICENCE, "format": FORMAT, "weights_sha256": WEIGHTS,
            "model_sha256": hashlib.sha256(content).hexdigest()}  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
