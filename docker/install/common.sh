# Sourced by the install scripts: progress, one-sentence failures, stamps, root's rights.
# Expects: set -eu, and the project's folder as working directory.

LOG=${ONENUMBER_SETUP_LOG:-$PWD/var/log/setup.log}
mkdir -p "$(dirname "$LOG")" var/stamps

STEP=${STEP:-}

# Interrupted: out when the command at work has ended, by way of the script's own EXIT trap.
leave_in_order() { trap 'exit 130' INT TERM; }
leave_in_order

say() { printf '%s %s\n' "${STEP:-setup:}" "$*"; }

# One clear sentence, and out.
fail() {
    printf '\nSet-up stopped: %s\n' "$*" >&2
    exit 1
}

# setting NAME DEFAULT: a setting by its dotted name (environment over settings.toml over default).
setting() { "$(system_python)" docker/install/setting.py "$@"; }

# Debian's own Python where it is new enough; never one that a version manager shims.
system_python() {
    for python in /usr/bin/python3 /usr/local/bin/python3 python3; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$python"
            return
        fi
    done
    fail "Python 3.11 or newer is needed; Debian 12 and later carry it."
}

# as_root COMMAND…: root's rights, by being root or by sudo. Ctrl-C reaches it in the background, too:
# apt stops cleanly then, after what dpkg is at.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        env --default-signal=INT "$@"
    else
        env --default-signal=INT sudo -- "$@"
    fi
}

# Ask for the password before a step that needs it, not in the middle of its progress.
need_root() {
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null || fail "$1 needs root's rights: run as root, or install sudo."
    sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; } ||
        fail "$1 needs root's rights and sudo refuses: run as root, or allow this user to use sudo."
}

# need_space FOLDER MB: free space where FOLDER is or will be.
need_space() {
    folder=$1
    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
    free=$(df -Pm "$folder" | awk 'NR == 2 { print $4 }')
    [ "$free" -ge "$2" ] || fail "the disk is too full: $1 needs $2 MB free, there are $free MB."
}

# stamp_of FILE… : content hash of what a step was made from.
stamp_of() { cat "$@" | sha256sum | cut -c1-16; }

done_already() { [ "$(cat "var/stamps/$1" 2>/dev/null)" = "$2" ]; }

mark_done() { printf '%s\n' "$2" >"var/stamps/$1"; }

# quietly WHAT COMMAND…: output to the log, a sign of life while it runs; the command's exit code.
quietly() {
    what=$1
    shift
    program=$1
    printf '== %s: %s\n' "$(date -u +%FT%TZ)" "$*" >>"$LOG"
    start=$(date +%s)
    mark=$(wc -c <"$LOG")
    "$@" >>"$LOG" 2>&1 &
    job=$!
    trap 'stop_job "$what" "$program"' INT TERM
    show_life "$what" "$job" "$start"
    code=0
    wait "$job" || code=$?
    leave_in_order
    LAST=$(tail -c "+$((mark + 1))" "$LOG")
    return "$code"
}

# stop_job WHAT PROGRAM: interrupted, but what was made ready for the job is not taken away before it has ended.
# What runs as root is not killed: only its shell is in reach, and a package half set up is worse than a wait.
stop_job() {
    trap '' INT TERM
    [ "$2" = as_root ] || kill "$job" 2>/dev/null || true
    say "$1: interrupted; waiting for it to end"
    wait "$job" || true
    exit 130
}

# While the job runs: a line that moves on a terminal, a line each ten seconds elsewhere.
show_life() {
    every=10
    [ -t 1 ] && every=1
    tick=0
    while kill -0 "$2" 2>/dev/null; do
        sleep 0.2
        tick=$((tick + 1))
        [ $((tick % (every * 5))) = 0 ] || continue
        last=$(tail -n 1 "$LOG" | tr '\r' '\n' | tail -n 1 | grep -v '^==' | cut -c1-60) || true
        if [ -t 1 ]; then
            printf '\r\033[K%s %s: %s s  %s' "$STEP" "$1" "$(($(date +%s) - $3))" "$last"
        else
            say "$1: $(($(date +%s) - $3)) s  $last"
        fi
    done
    [ ! -t 1 ] || printf '\r\033[K'
}

# why REGISTRY: name the cause of the last quiet command's failure in one sentence.
why() {
    case $LAST in
    *"No space left"* | *"not have enough free space"*) fail "the disk is full; free some space and run again." ;;
    *"hash mismatch"* | *"Hash mismatch"* | *"DO NOT MATCH THE HASHES"*)
        fail "a package from $1 is not the one that the lock file names (its hash differs); nothing was installed from it."
        ;;
    *resolv* | *"connect"* | *"Connection"* | *"timed out"* | *"unreachable"* | *"Failed to fetch"* | *"error sending request"*)
        fail "$1 cannot be reached; check the network, or the proxy and mirror settings, and run again. Details: $LOG"
        ;;
    *) fail "$2 failed; the last lines of $LOG say why: $(printf '%s' "$LAST" | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c1-200)" ;;
    esac
}
