"""Asking a SIP server whether it works: OPTIONS, to which any answer will do (RFC 3261, 11)."""

import secrets
import socket


def options(number: str, host: str, port: int, mine: tuple[str, int]) -> bytes:
    """The request, from a UDP socket of ours."""
    key, us = secrets.token_hex(8), f"{mine[0]}:{mine[1]}"
    lines = (
        f"OPTIONS sip:{number}@{host}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {us};branch=z9hG4bK{key};rport",
        f"From: <sip:onenumber@{us}>;tag={key}",
        f"To: <sip:{number}@{host}:{port}>",
        f"Call-ID: {key}",
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 70",
        "Content-Length: 0",
    )
    return "\r\n".join((*lines, "", "")).encode()


def sip_answers(number: str, host: str, port: int, limit_s: float) -> bool:
    """Whether a SIP server there answers a request in time."""
    host = host.strip("[]")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(limit_s)
        try:
            line.connect((host, port))
            line.send(options(number, host, port, line.getsockname()[:2]))
            return line.recv(4096).startswith(b"SIP/2.0 ")
        except OSError:
            return False
