"""A tuned MiniLM (BERT, six layers) as an ONNX graph in whole numbers of 8 bits, and the likelihoods of its classes."""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper

sys.path.append(str(Path(__file__).resolve().parent.parent / "install"))
from encoder import Graph

LAYERS, HEADS, SIZE = 6, 12, 384
LONGEST = 128  # tokens
EPSILON = 1e-12
SHARPNESS = 8.0  # what a vector of unit length is multiplied by before the classes weigh it


class TunedGraph(Graph):
    """BERT's names and sizes."""

    def norm(self, x: str, name: str) -> str:
        gain, bias = (self.constant(self.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return str(self.add("LayerNormalization", x, gain, bias, axis=-1, epsilon=EPSILON))

    def heads(self, x: str) -> str:
        """(batch, heads, tokens, SIZE / HEADS)."""
        parted = self.add("Reshape", x, self.ints(0, 0, HEADS, SIZE // HEADS))
        return str(self.add("Transpose", parted, perm=[0, 2, 1, 3]))

    def embedded(self, ids: str, length: str) -> str:
        words = self.weights["embeddings.word_embeddings.weight"]
        scale = np.maximum(np.abs(words).max(axis=1, keepdims=True), 1e-9) / 127
        whole = self.add("Gather", self.constant(np.rint(words / scale).astype(np.int8)), ids)
        rows = self.add("Gather", self.constant(scale.astype(np.float32)), ids)
        meant = self.add("Mul", self.add("Cast", whole, to=TensorProto.FLOAT), rows)
        kinds = self.weights["embeddings.token_type_embeddings.weight"][0]
        positions = self.weights["embeddings.position_embeddings.weight"][:LONGEST] + kinds
        placed = self.add("Slice", self.constant(positions), self.ints(0), length, self.ints(0))
        return self.norm(self.add("Add", meant, placed), "embeddings.LayerNorm")

    def attended(self, x: str, bias: str, layer: str) -> str:
        query, key, value = (
            self.heads(self.linear(x, f"{layer}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        turned = self.add("Transpose", key, perm=[0, 1, 3, 2])
        near = self.add("Mul", self.add("MatMul", query, turned),
                        self.constant(np.float32(1 / math.sqrt(SIZE // HEADS))))  # fmt: skip
        shares = self.add("Softmax", self.add("Add", near, bias), axis=-1)
        mixed = self.add("Transpose", self.add("MatMul", shares, value), perm=[0, 2, 1, 3])
        out = self.linear(self.add("Reshape", mixed, self.ints(0, 0, SIZE)), f"{layer}.attention.output.dense")
        return self.norm(self.add("Add", out, x), f"{layer}.attention.output.LayerNorm")

    def weighed(self, vectors: str) -> str:
        """Log-likelihoods of the classes."""
        classes = self.constant(np.ascontiguousarray(SHARPNESS * self.weights["classes.weight"].T, np.float32))
        scores = self.add("Add", self.add("MatMul", vectors, classes), self.constant(self.weights["classes.bias"]))
        return str(self.add("LogSoftmax", scores, axis=-1))


def model(weights: dict[str, np.ndarray]) -> Any:
    """Inputs `ids` (int64), `mask` (float: 1 for a token), (batch, tokens); output `likelihoods`, (batch, classes)."""
    graph = TunedGraph(weights)
    length = graph.add("Shape", "ids", start=1, end=2)
    x = graph.embedded("ids", length)
    hidden = graph.add("Mul", graph.add("Sub", "mask", graph.constant(np.float32(1))), graph.constant(np.float32(1e4)))
    bias = graph.add("Unsqueeze", hidden, graph.ints(1, 2))
    for number in range(LAYERS):
        x = graph.layer(x, bias, number)
    graph.nodes.append(helper.make_node("Identity", [graph.weighed(graph.pooled(x, "mask"))], ["likelihoods"]))
    shape = ["batch", "tokens"]
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, shape),
              helper.make_tensor_value_info("mask", TensorProto.FLOAT, shape)]  # fmt: skip
    classes = len(weights["classes.bias"])
    output = helper.make_tensor_value_info("likelihoods", TensorProto.FLOAT, ["batch", classes])
    made = helper.make_graph(graph.nodes, "topics", inputs, [output], graph.constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
