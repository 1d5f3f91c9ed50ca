#!/bin/sh
# The natural voice, in an environment of its own: piper-tts is GPL-3 and only ever run as a program.
set -eu
. docker/install/common.sh

VOICES=$(setting voices.home "$PWD/var/voices")
export UV_COMPILE_BYTECODE=1
stamp=$(stamp_of requirements/voices.lock docker/install/voices.sh)
if done_already voices "$stamp" && [ -x "$VOICES/bin/piper" ]; then
    say "voices: up to date"
    exit 0
fi
say "voices: installing"
need_space "$PWD" 600
"$(system_python)" -m venv --without-pip "$VOICES" >>"$LOG" 2>&1 ||
    fail "Python's venv module is missing; install the package python3-venv."
quietly "voices" var/tools/bin/uv pip sync -q --python "$VOICES/bin/python" --require-hashes requirements/voices.lock ||
    why "The Python package index (PyPI)" "installing the voices"
mark_done voices "$stamp"
say "voices: ready"
