#!/bin/sh
# Everything that `make run` (run) or `make test` (test) needs, in order. Usage: all.sh run|test
set -eu
cd "$(dirname "$0")/../.."
. docker/install/common.sh

KIND=${1:-run}
TOTAL=5
I=0
for script in "packages.sh $KIND" "asterisk.sh" "python.sh $KIND" "voices.sh" "encoder.sh"; do
    I=$((I + 1))
    # shellcheck disable=SC2086 # a script and its arguments
    STEP="[$I/$TOTAL]" sh docker/install/$script
done
