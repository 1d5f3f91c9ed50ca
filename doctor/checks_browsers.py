"""What `doctor` says of browsers on other machines: whether the desk reaches them by https, and they a phone."""

from config.settings import Settings
from doctor.finding import Finding
from runtime import certificate
from runtime.addresses import https_address, reachable
from runtime.certificate import Files, NoCertificate
from supervisor.parts import greets

HTTPS, PHONES = "the desk by https", "phones in browsers"


def https(settings: Settings) -> Finding:
    """By whose certificate, with what a person compares when a browser warns."""
    if not settings.web.tls_port:
        return Finding(HTTPS, "absent", says="switched off (web.tls_port)")
    try:
        return _served(settings, certificate.usable(settings))
    except NoCertificate as trouble:
        to_do = "a start makes one, unless web.tls_certificate and web.tls_key name yours; see docs/operations.md."
        return Finding(HTTPS, "broken", says=str(trouble), to_do=to_do)


def _served(settings: Settings, found: Files) -> Finding:
    ours = "the line's own certificate" if settings.web.tls_certificate is None else "your certificate"
    fingerprint, ends = certificate.fingerprint(found.certificate), certificate.ends(found.certificate)
    where = https_address(settings)
    says = f"{where} by {ours} until {ends}; SHA-256 {fingerprint}"
    facts = {"where": where, "sha256": fingerprint, "ends": ends}
    if not certificate.lasts(found.certificate):
        return Finding(HTTPS, "broken", says=says, to_do="renew it, and start the desk again.", facts=facts)
    return Finding(HTTPS, "ok", says=says, facts=facts)


def browser_phones(settings: Settings) -> Finding:
    """Whether Asterisk takes them, and could send them sound."""
    asterisk = settings.asterisk
    if not asterisk.ws_port:
        return Finding(PHONES, "absent", says="switched off (asterisk.ws_port)")
    if not greets(asterisk.host, asterisk.ws_port, "HTTP/1.1 ", b"GET /ws HTTP/1.1\r\nHost: doctor\r\n\r\n"):
        says = f"Asterisk takes none at {asterisk.host}:{asterisk.ws_port}"
        return Finding(PHONES, "broken", says=says, to_do="start the line; if it runs, restart it with its Asterisk.")
    if reachable("0.0.0.0") == "127.0.0.1":
        return Finding(
            PHONES, "absent", says="this machine has no address but loopback, for which Asterisk offers no sound",
            to_do="give the machine a network, or use desk phones.",
        )  # fmt: skip
    return Finding(PHONES, "ok", says=f"taken at {asterisk.host}:{asterisk.ws_port}, for the desk alone")
