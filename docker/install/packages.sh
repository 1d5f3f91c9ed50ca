#!/bin/sh
# Debian packages: only those that are missing. Usage: packages.sh run|test|PACKAGE…
set -eu
. docker/install/common.sh

# What the line runs with; adduser and the keyring are there on Debian, not on every relative.
RUN="ca-certificates debian-archive-keyring espeak-ng mmdebstrap mount openssl procps python3 python3-venv redis-server util-linux"
# What the tests add: a second database, a browser, call load, captures, more voices.
TEST="$RUN chromium flite postgresql sip-tester sox tshark"

case ${1:-run} in
run) wanted=$RUN ;;
test) wanted=$TEST ;;
*) wanted=$* ;;
esac

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing() { for package in $wanted; do installed "$package" || printf '%s ' "$package"; done; }

# A package that brings a service must not start it: ours run as their own instances on their own ports.
no_services() {
    [ ! -e /usr/sbin/policy-rc.d ] || return 0
    printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
}

stay_stopped() {
    [ -d /run/systemd/system ] || return 0
    for service in redis-server postgresql; do
        case " $todo " in *" $service "*) as_root systemctl disable --quiet --now "$service" >>"$LOG" 2>&1 || true ;; esac
    done
}

command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
    fail "this system is not supported: Debian 12 or newer (or a relative with apt) is needed."
todo=$(missing)
if [ -z "$todo" ]; then
    say "packages: all there"
    exit 0
fi
say "packages to install: $todo"
need_root "Installing packages"
need_space /var 1500
no_services
# Another list may fail here (a third party's repository); what we need is judged by the install.
quietly "package lists" as_root apt-get update -q -o DPkg::Lock::Timeout=120 || true
# shellcheck disable=SC2086 # a list of words
quietly "packages" as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
    --no-install-recommends -o DPkg::Lock::Timeout=120 $todo || why "Debian's package mirror" "installing packages"
stay_stopped
say "packages: installed"
