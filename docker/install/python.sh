#!/bin/sh
# The Python environment from a lock file with hashes. Usage: python.sh run|test
set -eu
. docker/install/common.sh

KIND=${1:-run}
LOCK=requirements/$KIND.lock
TOOLS=var/tools
# Compiled here once, rather than by each process at its start where bytecode cannot be written.
export UV_COMPILE_BYTECODE=1

# uv, by hash, in an environment of its own: the lock file describes the project's one exactly.
install_uv() {
    uv_stamp=$(stamp_of requirements/bootstrap.lock)
    if done_already uv "$uv_stamp" && [ -x "$TOOLS/bin/uv" ]; then return; fi
    quietly "environment for uv" "$(system_python)" -m venv --clear "$TOOLS" ||
        fail "Python's venv module is missing; install the package python3-venv."
    quietly "uv" "$TOOLS/bin/pip" install --disable-pip-version-check --no-input --require-hashes \
        -r requirements/bootstrap.lock || why "The Python package index (PyPI)" "installing uv"
    mark_done uv "$uv_stamp"
}

# What the environment of a kind is made from.
python_stamp() { printf '%s %s' "$1" "$(stamp_of "requirements/$1.lock" pyproject.toml docker/install/python.sh)"; }

# A test environment holds all that running needs: running beside it must not strip it.
up_to_date() {
    [ -x .venv/bin/onenumber ] || return 1
    done_already python "$(python_stamp "$KIND")" || done_already python "$(python_stamp test)"
}

if [ -L .venv ]; then
    say "Python environment: .venv is a link, left as it is"
    exit 0
fi
if up_to_date; then
    say "Python environment: up to date"
    exit 0
fi
say "Python environment: installing $(grep -c '^[a-z0-9].*==' "$LOCK") packages by hash"
need_space "$PWD" 2500
install_uv
[ -x .venv/bin/python ] || quietly "Python environment" "$(system_python)" -m venv --without-pip .venv ||
    fail "Python's venv module is missing; install the package python3-venv."
quietly "Python packages" "$TOOLS/bin/uv" pip sync -q --python .venv/bin/python --require-hashes "$LOCK" ||
    why "The Python package index (PyPI)" "installing the Python packages"
quietly "onenumber" "$TOOLS/bin/uv" pip install -q --python .venv/bin/python --no-deps \
    --build-constraints requirements/bootstrap.lock -e . || why "The Python package index (PyPI)" "installing onenumber itself"
mark_done python "$(python_stamp "$KIND")"
say "Python environment: ready"
