"""A tuned MiniLM (BERT, six layers) as an ONNX graph in whole numbers of 8 bits, and the likelihoods of its classes."""

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

    HEADS, SIZE, EPSILON = HEADS, SIZE, EPSILON

    def embedded(self, ids: str, length: str) -> str:
        kinds = self.weights["embeddings.token_type_embeddings.weight"][0]
        return self.placed(ids, length, self.weights["embeddings.position_embeddings.weight"][:LONGEST] + kinds)

    def attended(self, x: str, bias: str, layer: str) -> str:
        parts = (f"{layer}.attention.self.{part}" for part in ("query", "key", "value"))
        out = self.linear(self.mixed(x, bias, parts), f"{layer}.attention.output.dense")
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
