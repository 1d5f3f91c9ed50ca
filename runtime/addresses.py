"""Where an installation listens, as other programs and people find it."""

import socket

from config.settings import Settings


def connectable(host: str) -> str:
    """An address that a client on this machine can use for a listener bound to `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)


def reachable(host: str) -> str:
    """The address under which other machines find a listener bound to `host`."""
    if host not in ("0.0.0.0", "::"):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; the kernel picks the source address
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def dial_address(settings: Settings) -> str:
    return f"sip:{settings.line.number}@{reachable(settings.asterisk.sip_bind)}:{settings.asterisk.sip_port}"


def desk_address(settings: Settings) -> str:
    return f"http://{reachable(settings.web.host)}:{settings.web.port}/"


def https_address(settings: Settings) -> str:
    """The desk for other machines' browsers; empty where it is not served by https."""
    web = settings.web
    return f"https://{reachable(web.tls_host)}:{web.tls_port}/" if web.tls_port else ""
