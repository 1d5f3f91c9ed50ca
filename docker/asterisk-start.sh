#!/bin/sh
# Starts Asterisk in its container as the unprivileged user that owns the instance's folder.
set -eu
FOLDER=${1:-/srv/onenumber/asterisk-instance}
USER_ID=$(stat -c %u "$FOLDER")
GROUP_ID=$(stat -c %g "$FOLDER")

# Without the host's own name each call waits for a failing look-up.
NAME=$(cat /proc/sys/kernel/hostname)
grep -qw -- "$NAME" /etc/hosts || printf '127.0.0.1 %s\n' "$NAME" >>/etc/hosts

# Modules that the configuration does not load are not there to be loaded later.
for module in /usr/lib/*/asterisk/modules/*.so; do
    grep -q "^load = ${module##*/}\$" "$FOLDER/etc/modules.conf" || rm -f "$module" || echo "$module stays" >&2
done

[ "$USER_ID" != 0 ] || { echo "$FOLDER belongs to root; Asterisk runs as an unprivileged user" >&2; exit 1; }
umask 077
exec env -i PATH="$PATH" setpriv --reuid "$USER_ID" --regid "$GROUP_ID" --clear-groups \
    /usr/sbin/asterisk -f -C "$FOLDER/etc/asterisk.conf"
