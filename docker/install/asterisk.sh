#!/bin/sh
# Asterisk 22 with its own libraries in a private root. Usage: asterisk.sh [ROOT]
#
# Debian 12 and 13 carry no Asterisk; the unstable suite carries 22 (LTS). A root of its own keeps
# unstable's libraries away from the host; the container image is made from the same root.
set -eu
. docker/install/common.sh

MAJOR=$(setting asterisk.major 22)
ROOT=${1:-$(setting asterisk.root "$PWD/var/asterisk")}
SUITE=${ONENUMBER_DEBIAN_SUITE:-sid}
MIRROR=${ONENUMBER_DEBIAN_MIRROR:-http://deb.debian.org/debian}
INCLUDE=asterisk,asterisk-core-sounds-en-wav
MANIFEST=$ROOT/manifest.txt

# The versions that dpkg recorded in a root, one "package version" a line.
versions() { dpkg-query --admindir="$1/var/lib/dpkg" -W -f '${Package} ${Version}\n'; }

# 1:22.10.1~dfsg-1 → 22
major_of() { versions "$1" | sed -n 's/^asterisk [0-9]*:\{0,1\}\([0-9]*\)\..*/\1/p'; }

assert_major() {
    found=$(major_of "$1")
    [ "$found" = "$MAJOR" ] || fail "the suite $SUITE at $MIRROR carries Asterisk ${found:-none}, and $MAJOR is needed; \
set ONENUMBER_DEBIAN_MIRROR to a snapshot that has it (http://snapshot.debian.org/archive/debian/DATE/)."
}

write_manifest() {
    {
        printf '# Packages of the Asterisk root, made %s from %s %s\n' "$(date -u +%FT%TZ)" "$MIRROR" "$SUITE"
        printf '# age check of the suite: %s\n' "$2"
        versions "$1"
    } >"$LOG.manifest"
    if [ -w "$1" ]; then cp "$LOG.manifest" "$1/manifest.txt"; else as_root cp "$LOG.manifest" "$1/manifest.txt"; fi
    rm -f "$LOG.manifest"
}

# Without the host's own name each call waits for a failing look-up.
name_host() {
    host=$(hostname)
    grep -qw -- "$host" "$1/etc/hosts" 2>/dev/null ||
        printf '127.0.0.1 localhost %s\n' "$host" | as_root tee -a "$1/etc/hosts" >/dev/null
}

bootstrap() {
    quietly "Asterisk $MAJOR" as_root mmdebstrap --variant=essential --include="$INCLUDE" \
        --dpkgopt=force-unsafe-io "$@" "$SUITE" "$ROOT.new" "$MIRROR"
}

make_root() {
    need_root "Making the Asterisk root"
    need_space "$ROOT" 900
    as_root mkdir -p "$(dirname "$ROOT")"
    as_root rm -rf "$ROOT.new"
    age_check=on
    if ! bootstrap; then
        case $LAST in
        *expired* | *"not valid"*) ;;
        *) why "Debian's package mirror ($MIRROR)" "making the Asterisk root" ;;
        esac
        say "WARNING: the mirror's copy of $SUITE is older than its Release file allows; going on without the age check (signatures are still checked)"
        printf 'WARNING: age check of %s at %s switched off\n' "$SUITE" "$MIRROR" >>"$LOG"
        age_check=off
        as_root rm -rf "$ROOT.new"
        bootstrap --aptopt='Acquire::Check-Valid-Until "false"' ||
            why "Debian's package mirror ($MIRROR)" "making the Asterisk root"
    fi
    assert_major "$ROOT.new"
    name_host "$ROOT.new"
    write_manifest "$ROOT.new" "$age_check"
    as_root rm -rf "$ROOT"
    as_root mv "$ROOT.new" "$ROOT"
}

# A root made elsewhere by the same recipe is taken as it is.
if [ -x "$ROOT/usr/sbin/asterisk" ]; then
    assert_major "$ROOT"
    [ -e "$MANIFEST" ] || [ ! -w "$ROOT" ] || write_manifest "$ROOT" unknown
    say "Asterisk: $(versions "$ROOT" | sed -n 's/^asterisk //p') is there"
    exit 0
fi
say "Asterisk $MAJOR: making its root (about 350 MB)"
make_root
say "Asterisk: $(versions "$ROOT" | sed -n 's/^asterisk //p')"
