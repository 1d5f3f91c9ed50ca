#!/bin/sh
# Remove what set-up made (environments, Asterisk's root, stamps); the line's data in var/ stays.
set -eu
. docker/install/common.sh

[ ! -d var/asterisk ] || { need_root "Removing the Asterisk root" && as_root rm -rf var/asterisk; }
rm -rf var/tools var/voices var/encoders var/stamps build ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
[ -L .venv ] || rm -rf .venv
printf 'Removed the environments and the Asterisk root; data and secrets in var/ stay.\n'
