"""Which ports the line needs, whether they are free, and who has them if not."""

import re
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from config.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Port:
    what: str
    host: str
    number: int
    setting: str  # dotted name: what to change when it is taken
    part: str  # which part of the line listens there
    kind: str = "tcp"
    wanted: bool = False  # no more than that: without it the line serves its callers

    @property
    def variable(self) -> str:
        """The setting's name in the environment."""
        return "ONENUMBER_" + self.setting.replace(".", "__").upper()


def own_redis(redis_url: str) -> bool:
    """Whether Redis is ours to start: it is named on loopback, without a password."""
    url = urlparse(redis_url)
    return url.hostname in LOOPBACK and not url.password


def needed(settings: Settings) -> list[Port]:
    """Every port that the line listens on; media ports are chosen call by call."""
    asterisk, controller = settings.asterisk, settings.controller
    ports = [
        Port("SIP", asterisk.sip_bind, asterisk.sip_port, "asterisk.sip_port", "Asterisk", "udp"),
        Port("SIP", asterisk.sip_bind, asterisk.sip_port, "asterisk.sip_port", "Asterisk"),
        Port("Asterisk's manager interface", asterisk.host, asterisk.ami_port, "asterisk.ami_port", "Asterisk"),
        Port("AGI", controller.host, controller.agi_port, "controller.agi_port", "controller"),
        Port("Asterisk's SIP trace", controller.host, controller.agi_port, "controller.agi_port", "controller", "udp"),
        Port("AudioSocket", controller.host, controller.audiosocket_port, "controller.audiosocket_port", "controller"),
        Port("health and metrics", controller.host, controller.metrics_port, "controller.metrics_port", "controller"),
        Port("the desk", settings.web.host, settings.web.port, "web.port", "web"),
    ]
    if asterisk.ws_port:
        what = "SIP of browsers"
        ports.append(Port(what, asterisk.host, asterisk.ws_port, "asterisk.ws_port", "Asterisk", wanted=True))
    if settings.web.tls_port:
        what, host, number = "the desk by https", settings.web.tls_host, settings.web.tls_port
        ports.append(Port(what, host, number, "web.tls_port", "web", wanted=True))
    if asterisk.tls_port:
        ports.append(Port("SIP over TLS", asterisk.sip_bind, asterisk.tls_port, "asterisk.tls_port", "Asterisk"))
    if own_redis(settings.redis_url):
        url = urlparse(settings.redis_url)
        ports.append(Port("Redis", "127.0.0.1", url.port or 6379, "redis_url", "Redis"))
    return ports


def conflicts(ports: list[Port]) -> list[str]:
    """One sentence for each port that the line cannot do without and cannot have, none when all is well."""
    return [*_doubles(ports), *_taken(port for port in ports if not port.wanted)]


def shortcomings(ports: list[Port]) -> list[str]:
    """One sentence for each port that cannot be had and that the line can do without."""
    return _taken(port for port in ports if port.wanted)


def _taken(ports: Iterable[Port]) -> list[str]:
    return list({(port.what, port.number): _sentence(port) for port in ports if not is_free(port)}.values())


def is_free(port: Port) -> bool:
    kind = socket.SOCK_DGRAM if port.kind == "udp" else socket.SOCK_STREAM
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:  # a connection that has just ended does not take a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host, port.number))
        except OSError:
            return False
    return True


def holder(port: Port) -> str | None:
    """Name and process id of the program that has a port, if we may see it."""
    inodes = {entry.inode for entry in _sockets(port.kind) if entry.number == port.number}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink()))
            if found and found[1] in inodes:
                pid = link.parts[2]
                return f"{(link.parent.parent / 'comm').read_text().strip()}, process {pid}"
        except OSError:
            continue  # it ended meanwhile, or belongs to someone else
    return None


@dataclass(frozen=True)
class _Socket:
    number: int
    inode: str


def _sockets(kind: str) -> Iterator[_Socket]:
    """Listening sockets as the kernel lists them (proc(5): /proc/net/tcp)."""
    for table in (Path(f"/proc/net/{kind}"), Path(f"/proc/net/{kind}6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            if kind == "udp" or fields[3] == "0A":
                yield _Socket(int(fields[1].rpartition(":")[2], 16), fields[9])


def _sentence(port: Port) -> str:
    by = f" by {who}" if (who := holder(port)) else ""
    return (
        f"Port {port.number}/{port.kind} for {port.what} is taken{by}: stop that program, or choose another port with "
        f"{port.variable} (or {port.setting} in settings.toml)."
    )


def _doubles(ports: list[Port]) -> Iterator[str]:
    seen: dict[tuple[int, str], Port] = {}
    for port in ports:
        other = seen.setdefault((port.number, port.kind), port)
        if other is not port:
            both = f"both {other.what} and {port.what}"
            yield f"Port {port.number}/{port.kind} is set for {both}: change {port.variable}."
