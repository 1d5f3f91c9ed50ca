"""What `doctor` looks at on the machine: each check returns one finding and never raises for what it finds."""

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from urllib.parse import urlparse

from packaging.requirements import InvalidRequirement, Requirement

from config.settings import PROJECT, Settings
from doctor.finding import Finding
from runtime import privacy
from runtime.addresses import connectable
from runtime.health import DiskHealth
from supervisor.parts import greets
from supervisor.tcp_ports import own_redis
from telephony.instance import environment

SETUP = "run `make setup`."
START = "start the line with `make run`."
SPACE_MB = 500


def asterisk_root(settings: Settings) -> Finding:
    """Asterisk as installed: the manifest's exact package versions, and the asserted major."""
    root = settings.asterisk.root
    packages = manifest(root)
    version = packages.get("asterisk", "")
    if not version and greets(connectable(settings.asterisk.host), settings.asterisk.ami_port, "Asterisk"):
        return Finding("Asterisk", "absent", says=f"not in {root}; one from elsewhere answers")
    if not version:
        return Finding("Asterisk", "broken", says=f"not installed in {root}", to_do=SETUP)
    facts = {"root": str(root), "packages": packages, "age_check": age_check(root)}
    if major(version) != settings.asterisk.major:
        wrong = f"major {settings.asterisk.major} is needed"
        return Finding("Asterisk", "broken", version, wrong, f"remove {root} and {SETUP}", facts)
    says = f"{len(packages)} packages in {root}"
    if facts["age_check"] == "off":
        says += "; the suite's age check was off, its signature was checked"
    return Finding("Asterisk", "ok", version, says, facts=facts)


def manifest(root: Path) -> dict[str, str]:
    """Package → version, as recorded when the root was made."""
    path = root / "manifest.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {words[0]: words[1] for line in lines if not line.startswith("#") and len(words := line.split()) == 2}


def age_check(root: Path) -> str:
    path = root / "manifest.txt"
    found = re.search(r"^# age check of the suite: (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"


def major(version: str) -> int | None:
    """22 of Debian's "1:22.10.1~dfsg-1"."""
    found = re.match(r"(?:\d+:)?(\d+)\.", version)
    return int(found[1]) if found else None


def redis_server(settings: Settings) -> Finding:
    """Redis as installed, where it is ours to start."""
    elsewhere = shutil.which("redis-server") is None and redis_answers(settings)
    if elsewhere or not own_redis(settings.redis_url):
        return Finding("Redis server", "absent", says="one from elsewhere is used")
    return program("Redis server", ["redis-server", "--version"], r"v=(\S+)", needed=True)


def redis_answers(settings: Settings) -> bool:
    url = urlparse(settings.redis_url)
    expected = "-NOAUTH" if url.password else "+PONG"  # either way it is a Redis that answers
    return greets(url.hostname or "127.0.0.1", url.port or 6379, expected, b"PING\r\n")


def espeak(settings: Settings) -> Finding:
    return program("espeak-ng", ["espeak-ng", "--version"], r"text-to-speech: (\S+)", needed=True)


def browser(settings: Settings) -> Finding:
    return program("Chromium", ["chromium", "--version"], r"Chromium (\S+)", needed=False, use="the tests of the desk")


def sipp(settings: Settings) -> Finding:
    return program("sipp", ["sipp", "-v"], r"SIPp v(\S+)", needed=False, use="the load tests")


def program(part: str, command: Sequence[str], pattern: str, needed: bool, use: str = "the line") -> Finding:
    """A program of the system, by what it says its version is."""
    if shutil.which(command[0]) is None:
        if needed:
            return Finding(part, "broken", says="not installed", to_do=SETUP)
        return Finding(part, "absent", says=f"not installed; only {use} use it")
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL,
            env=environment(),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(part, "broken" if needed else "absent", says=f"does not start: {error}", to_do=SETUP)
    found = re.search(pattern, done.stdout + done.stderr)
    return Finding(part, "ok", found[1] if found else "unknown")


def python_packages(settings: Settings) -> Finding:
    """Every package that the lock file names for this machine, in its exact version."""
    wanted = locked(PROJECT / "requirements/run.lock")
    have = {name: installed_version(name) for name in wanted}
    differ = sorted(name for name, version in wanted.items() if have[name] != version)
    facts = {"packages": have}
    if differ:
        says = f"{len(differ)} not as locked: {', '.join(differ[:5])}"
        return Finding("Python packages", "broken", says=says, to_do=SETUP, facts=facts)
    return Finding("Python packages", "ok", says=f"{len(wanted)} as locked", facts=facts)


def locked(path: Path) -> dict[str, str]:
    """Name → version of what a lock file asks for here; other platforms' lines are left out."""
    wanted = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            requirement = Requirement(line.removesuffix("\\").strip())
        except InvalidRequirement:
            continue  # a hash or a comment
        if requirement.marker is None or requirement.marker.evaluate():
            wanted[requirement.name] = str(requirement.specifier).removeprefix("==")
    return wanted


def installed_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def disk(settings: Settings) -> Finding:
    if settings.data_dir.exists() and (wrong := DiskHealth(settings.data_dir).look()):
        return Finding("disk", "broken", says=wrong, to_do="free some space: messages and calls are lost.")
    free_mb = shutil.disk_usage(_existing(settings.data_dir)).free // 2**20
    if free_mb < SPACE_MB:
        full = f"free some space: below {SPACE_MB} MB messages and calls may be lost."
        return Finding("disk", "broken", says=f"{free_mb} MB free", to_do=full)
    return Finding("disk", "ok", says=f"{free_mb} MB free for {settings.data_dir}")


def secrets(settings: Settings) -> Finding:
    path = settings.paths.secrets
    if not path.exists():
        return Finding("secrets", "broken", says=f"{path} is not there", to_do=START)
    if path.stat().st_mode & 0o077:
        return Finding("secrets", "broken", says="others can read them", to_do=f"run `chmod 600 {path}`.")
    return Finding("secrets", "ok", says=f"{path}, for its owner alone")


def readers(settings: Settings) -> Finding:
    """Whether others can read what the line keeps of callers."""
    if open_ := privacy.open_to_others(settings.paths, settings.database):
        says = f"others can read {open_[0]}" + (f" and {len(open_) - 1} more" if open_[1:] else "")
        return Finding("private files", "broken", says=says, to_do="start the line again: it closes them.")
    return Finding("private files", "ok", says="for the line's own users alone")


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


Check = Callable[[Settings], Finding]
INSTALLED: tuple[Check, ...] = (
    asterisk_root, redis_server, espeak, python_packages, browser, sipp, disk, secrets, readers,
)  # fmt: skip
