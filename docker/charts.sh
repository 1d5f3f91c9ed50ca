#!/bin/sh
# The simulation anew (some minutes), and its charts for docs/queue.md. Usage: sh docker/charts.sh
set -eu
. docker/install/common.sh

CHARTS=$PWD/var/charts
mkdir -p "$CHARTS"
[ -x "$CHARTS/venv/bin/python" ] || "$(system_python)" -m venv --without-pip "$CHARTS/venv"
var/tools/bin/uv pip sync -q --require-hashes --python "$CHARTS/venv/bin/python" requirements/charts.lock
.venv/bin/python -m tests.bench.simulation docs/queue/simulation.json >/dev/null
"$CHARTS/venv/bin/python" tests/bench/charts.py docs/queue/simulation.json docs/queue
