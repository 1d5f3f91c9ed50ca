"""One Asterisk process, run from the private root in a mount namespace of its own.

The root is shared and never written to: an instance keeps its files in its own folder, seen by
Asterisk as `inside(folder)`. Mounts live in the process's namespace, so they end with it.
Root runs Asterisk as an unprivileged user; any other user needs user namespaces, not sudo.

Whoever commands Asterisk must not change what it is: it sees only the modules that its configuration loads,
cannot write its configuration, its modules and its sounds, and knows nothing of our environment.
"""

import contextlib
import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from ivr.sound_files import write_whole
from telephony.processes import RunningProcess

DATABASE = "astdb.sqlite3"
SHARED_MEMORY = Path("/dev/shm")
UNPRIVILEGED = ("onenumber", "nobody")  # the first of these users that exists runs Asterisk for root
FOLDERS = ("etc", "run", "log", "lib", "spool", "cache", "sounds", "local", "modules")
ONLY_READ = ("etc", "sounds", "local", "modules", "hosts")  # by Asterisk
KEPT_ENVIRONMENT = ("PATH", "LANG", "TZ", "TMPDIR")  # of ours, for the programs of others
LOADED = re.compile(r"^\s*(?:pre)?load\s*=>?\s*([A-Za-z0-9_]+\.so)\s*$", re.MULTILINE)

# $1 root, $2 the instance's folder, $3 the same as seen inside, $4 its database's folder, then the program inside the
# root.
NAMESPACE = """
set -e
umask 022
root=$1 folder=$2 inside=$3 database=$4
shift 4
mount -t tmpfs -o mode=755 none "$root/srv"
mkdir -p "$root$inside"
mount --bind "$folder" "$root$inside"
[ ! -d "$database" ] || mount --bind "$database" "$root$inside/lib"
for part in etc sounds local modules hosts; do
    mount --bind "$folder/$part" "$root$inside/$part"
    mount -o remount,bind,ro "$root$inside/$part" || echo "Asterisk can write $part: it could not be made read-only" >&2
done
for modules in "$root"/usr/lib/*/asterisk/modules; do mount --bind "$root$inside/modules" "$modules"; done
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount -t tmpfs -o mode=1777 none "$root/tmp"
mount --bind "$folder/hosts" "$root/etc/hosts"
[ ! -e /etc/resolv.conf ] || [ ! -e "$root/etc/resolv.conf" ] || mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
umask 077
exec chroot "$root" "$@"
"""


class AsteriskDown(Exception):
    """Asterisk did not come up, or does not answer."""


def inside(folder: Path) -> Path:
    """Where Asterisk itself sees an instance's folder; its configuration names this path."""
    return Path("/srv/onenumber") / folder.resolve().name


class AsteriskInstance:
    """An Asterisk whose configuration lies in `folder/etc/asterisk.conf`.

    Prepare the folder, render the configuration into `folder/etc`, then start.
    """

    def __init__(self, root: Path, folder: Path, outlives_starter: bool = False) -> None:
        self.root = root.resolve()
        self.folder = folder.resolve()
        self.process: RunningProcess | None = None
        self.database = Database(self.folder)
        self._outlives_starter = outlives_starter

    @property
    def config(self) -> Path:
        return inside(self.folder) / "etc/asterisk.conf"

    @property
    def log(self) -> Path:
        return self.folder / "log/console.log"

    def prepare(self) -> None:
        """Make the folders and the hosts file; without the host's own name each call waits for a look-up."""
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        hosts, known = self.folder / "hosts", f"127.0.0.1 localhost {socket.gethostname()}\n::1 localhost\n"
        if not hosts.exists() or hosts.read_text() != known:  # a full disk would leave an empty file
            hosts.write_text(known)
        self._lay_out_modules()
        self.database.prepare()

    def start(self, ready_s: float = 40.0) -> None:
        """Start and wait until fully booted; it ends with the thread that started it, unless it outlives its starter.

        Raises: AsteriskDown.
        """
        if not (self.root / "usr/sbin/asterisk").exists():
            raise AsteriskDown(f"there is no Asterisk in {self.root}: run `make setup`, or set asterisk.root")
        self.prepare()
        _close(self.folder)
        _close(self.database.folder, only_read=())
        with appended(self.log) as log:
            child = subprocess.Popen(
                self.command("/usr/sbin/asterisk", "-f", "-C", str(self.config)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
                start_new_session=True,
            )
        self.process = RunningProcess.started(child)
        try:
            self._await_ready(time.monotonic() + ready_s)
        except AsteriskDown:
            self.stop()
            raise

    def stop(self, grace_s: float = 5.0) -> None:
        """Hang up what is left and end the process; silent when it is not running."""
        if self.process is not None:
            self._end(signal.SIGTERM, grace_s)
            self.database.keep()

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self._end(signal.SIGKILL, 5.0)

    def _end(self, how: signal.Signals, grace_s: float) -> None:
        if self.process is not None:
            self.process.end(how, grace_s)
            self.process = None

    def alive(self) -> bool:
        return self.process is not None and self.process.alive()

    def cli(self, command: str, timeout_s: float = 10.0) -> str:
        """What `asterisk -rx COMMAND` prints. Raises: AsteriskDown."""
        done = subprocess.run(
            self.command("/usr/sbin/asterisk", "-C", str(self.config), "-rx", command),
            stdin=subprocess.DEVNULL,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if done.returncode != 0:
            raise AsteriskDown(f"{command}: {(done.stdout + done.stderr).strip()}")
        return done.stdout

    def command(self, *program: str) -> list[str]:
        """The command line that runs a program of the root, inside the root, beside this instance's files."""
        kind = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
        return [
            "unshare",
            *kind,
            "--propagation",
            "private",
            "--",
            "sh",
            "-c",
            NAMESPACE,
            "asterisk-namespace",
            str(self.root),
            str(self.folder),
            str(inside(self.folder)),
            str(self.database.folder),
            *as_unprivileged(dies_with_us=not self._outlives_starter),
            *program,
        ]

    def _lay_out_modules(self) -> None:
        """Copies of those that the configuration loads: nothing else is there to be loaded later."""
        config = self.folder / "etc/modules.conf"
        wanted = set(LOADED.findall(config.read_text())) if config.exists() else set()
        for path in (self.folder / "modules").iterdir():
            path.unlink()
        for found in self.root.glob("usr/lib/*/asterisk/modules/*.so"):
            if found.name in wanted:
                shutil.copy(found, self.folder / "modules")

    def _await_ready(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            if not self.alive():
                raise AsteriskDown(f"Asterisk ended at once; see {self.log}: {self._last_words()}")
            with contextlib.suppress(AsteriskDown, subprocess.TimeoutExpired):
                if "fully booted" in self.cli("core waitfullybooted"):
                    return
            time.sleep(0.1)
        raise AsteriskDown(f"Asterisk was not ready in time; see {self.log}: {self._last_words()}")

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        last = lines[-1] if lines else "it said nothing"
        if last.startswith("unshare:") and os.geteuid() != 0:
            return f"{last}; run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)"
        return last


class Database:
    """Asterisk's own database, in memory while it runs: who is registered must not depend on a disk.

    On a full one Asterisk takes back what it could not write, and its phones with it. The file outlives Asterisk's
    death, and goes to the instance's folder when it is stopped in order.
    """

    def __init__(self, instance: Path) -> None:
        self._kept = instance / "lib"
        name = hashlib.sha256(str(instance).encode()).hexdigest()[:16]
        self.folder = SHARED_MEMORY / f"onenumber-{name}" if os.access(SHARED_MEMORY, os.W_OK) else self._kept

    def prepare(self) -> None:
        """Make the folder; where memory has none, with what was kept when it was last stopped.

        A file that is damaged goes: Asterisk would not start with it, and phones register anew.
        """
        if not self.folder.exists():
            self.folder.mkdir(mode=0o750)
            self._copy(self._kept, self.folder)
        file = self.folder / DATABASE
        if file.exists() and not _is_sound(file):
            file.unlink()

    def keep(self) -> None:
        """On the disk until the next start; what it does not take stays in memory."""
        if self.folder != self._kept and self.folder.exists():
            with contextlib.suppress(OSError):
                self._copy(self.folder, self._kept)
                shutil.rmtree(self.folder)

    def _copy(self, source: Path, target: Path) -> None:
        """Whole or not at all. Raises: OSError."""
        if (source / DATABASE).exists():
            write_whole(target / DATABASE, (source / DATABASE).read_bytes())


def _is_sound(file: Path) -> bool:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return bool(database.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def _unprivileged() -> tuple[int, int]:
    """User and group id that run Asterisk when we are root."""
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return user.pw_uid, user.pw_gid
    return 65534, 65534


def as_unprivileged(dies_with_us: bool = True) -> list[str]:
    """Command that runs the rest of its line as that user; the kernel may end the program when its starter dies."""
    bound = ["--pdeathsig", "KILL"] if dies_with_us else []
    if os.geteuid() == 0:
        uid, gid = _unprivileged()
        bound += ["--reuid", str(uid), "--regid", str(gid), "--clear-groups"]
    return ["setpriv", *bound] if bound else []


@contextlib.contextmanager
def appended(log: Path) -> Iterator[BinaryIO]:
    """A log to append to; where it cannot be had, nothing is logged, and what would have logged runs all the same."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        file = log.open("ab")
    except OSError:
        file = open(os.devnull, "ab")
    with file:
        yield file


def environment() -> dict[str, str]:
    """What a program of others is told of ours: no secret, no password, no address."""
    return {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}


def _close(folder: Path, only_read: Collection[str] = ("", *ONLY_READ)) -> None:
    """Let nobody in but us and the user that runs Asterisk, who only reads some parts ("" is the folder itself).

    Where both are one user, the namespace keeps Asterisk from writing there.
    """
    uid, gid = _unprivileged() if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        read = (path.relative_to(folder).parts or ("",))[0] in only_read
        shutil.chown(path, os.geteuid() if read else uid, gid)
        path.chmod((0o750 if path.is_dir() else 0o640) if read else (0o700 if path.is_dir() else 0o600))
