"""The certificate with which the desk is served by https: the operator's, or one that this machine made for itself.

Browsers give a microphone only to pages that came by https, or from their own machine.
"""

import ipaddress
import os
import socket
import ssl
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from config.settings import Settings
from runtime.addresses import reachable

DAYS = 820  # Apple's devices trust none that lasts longer than 825
RENEWED_S = 30 * 86_400  # before its end
LIMIT_S = 20.0


class NoCertificate(Exception):
    """There is none that could be used; the text says why."""


class Files(NamedTuple):
    certificate: Path
    key: Path


def files(settings: Settings) -> Files:
    """Those of the operator, else those of our own. Raises: NoCertificate, where one of the two is missing."""
    given = settings.web.tls_certificate, settings.web.tls_key
    match given:
        case (None, None):
            return Files(settings.paths.certificate, settings.paths.certificate_key)
        case (Path() as certificate, Path() as key):
            return Files(certificate, key)
    raise NoCertificate("web.tls_certificate and web.tls_key are needed together.")


def made(settings: Settings) -> bool:
    """Make one where it is ours to make and there is none to use, or it ends soon, or lacks a name.

    Names that it has beside are no reason: a machine that starts before its network would lose the browsers' trust.
    Raises: NoCertificate.
    """
    if not settings.web.tls_port or settings.web.tls_certificate or settings.web.tls_key:
        return False
    ours, names = files(settings), _names(settings)
    if _fits(ours) and lasts(ours.certificate) and _names_of(ours.certificate) >= set(names):
        return False
    _make(ours, names)
    return True


def usable(settings: Settings) -> Files:
    """What the desk's listener needs: a certificate and the key that fits it. Raises: NoCertificate."""
    found = files(settings)
    try:
        _load(found)
    except (OSError, ssl.SSLError) as error:
        raise NoCertificate(f"the certificate {found.certificate} cannot be used: {error}.") from error
    return found


def _load(found: Files) -> None:
    """Raises: OSError, ssl.SSLError."""
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*found, password="")  # which is asked of nobody


def _fits(found: Files) -> bool:
    try:
        _load(found)
    except (OSError, ssl.SSLError):
        return False
    return True


def fingerprint(certificate: Path) -> str:
    """SHA-256, as browsers show it. Raises: NoCertificate."""
    return _openssl("x509", "-in", str(certificate), "-noout", "-fingerprint", "-sha256").rpartition("=")[2].strip()


def ends(certificate: Path) -> str:
    """When, as openssl says it. Raises: NoCertificate."""
    return _openssl("x509", "-in", str(certificate), "-noout", "-enddate").rpartition("=")[2].strip()


def _names(settings: Settings) -> list[str]:
    """By which browsers may reach this machine, as openssl writes them."""
    machine = [socket.gethostname(), socket.getfqdn(), "localhost", "127.0.0.1", reachable(settings.web.tls_host)]
    return list(dict.fromkeys(map(_alternative, [*machine, *settings.web.tls_names])))


def _alternative(name: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(name.strip('[]'))}"
    except ValueError:
        return f"DNS:{name.lower()}"


def _names_of(certificate: Path) -> set[str]:
    said = _openssl("x509", "-in", str(certificate), "-noout", "-ext", "subjectAltName").splitlines()
    names = said[-1].split(",") if len(said) > 1 else []
    return {_alternative(name.strip().removeprefix("DNS:").removeprefix("IP Address:")) for name in names}


def lasts(certificate: Path) -> bool:
    """Whether it holds for a while yet."""
    try:
        _openssl("x509", "-in", str(certificate), "-noout", "-checkend", str(RENEWED_S))
    except NoCertificate:
        return False
    return True


def _make(ours: Files, names: Iterable[str]) -> None:
    fresh = Files(ours.certificate.with_suffix(".new"), ours.key.with_suffix(".new-key"))
    try:
        ours.key.parent.mkdir(parents=True, exist_ok=True)
        fresh.key.unlink(missing_ok=True)
        os.close(os.open(fresh.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise NoCertificate(f"no certificate can be made: {error}.") from error
    _openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-sha256",
        "-days", str(DAYS), "-subj", "/CN=onenumber desk", "-addext", f"subjectAltName={','.join(names)}",
        "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth",
        "-keyout", str(fresh.key), "-out", str(fresh.certificate),
    )  # fmt: skip
    fresh.key.replace(ours.key)
    fresh.certificate.replace(ours.certificate)


def _openssl(*arguments: str) -> str:
    """What it prints. Raises: NoCertificate."""
    try:
        done = subprocess.run(
            ["openssl", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoCertificate(f"openssl could not be run: {error}.") from error
    if done.returncode != 0:
        raise NoCertificate(f"openssl: {(done.stderr or done.stdout).strip()[-200:]}.")
    return done.stdout
