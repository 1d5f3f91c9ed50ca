"""The desk's certificate: made once, for the names by which this machine is reached, and never the operator's."""

import ssl
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from config.settings import Settings, Web
from runtime import certificate
from runtime.certificate import Files, NoCertificate


def settings(folder: Path, **web: object) -> Settings:
    return Settings(data_dir=folder, web=Web.model_validate(web))


def shake_hands(found: Files, name: str) -> None:
    """As a client that trusts this certificate and wants this name. Raises: SSLCertVerificationError."""
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(*found)
    theirs = ssl.create_default_context(cafile=str(found.certificate))
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    server, client = ours.wrap_bio(up, down, server_side=True), theirs.wrap_bio(down, up, server_hostname=name)
    for side in (client, server, client):
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    assert client.getpeercert()


def test_it_is_made_once_and_anew_for_other_names(tmp_path: Path) -> None:
    assert certificate.made(settings(tmp_path))
    first = certificate.fingerprint(tmp_path / "desk-certificate.pem")
    assert not certificate.made(settings(tmp_path))
    assert certificate.fingerprint(tmp_path / "desk-certificate.pem") == first
    assert certificate.made(settings(tmp_path, tls_names=("desk.hospital.example", "10.1.2.3")))
    assert certificate.fingerprint(tmp_path / "desk-certificate.pem") != first


def test_it_is_kept_while_it_has_the_names_that_are_wanted(tmp_path: Path) -> None:
    """An address of IPv6 is written in several ways; and a machine whose network is away has fewer."""
    certificate.made(settings(tmp_path, tls_names=("fd00::1", "10.1.2.3")))
    assert not certificate.made(settings(tmp_path, tls_names=("fd00::1", "10.1.2.3")))
    assert not certificate.made(settings(tmp_path, tls_names=("10.1.2.3",)))


def test_one_whose_key_does_not_fit_is_made_anew(tmp_path: Path) -> None:
    for name in ("one", "other"):
        certificate.made(settings(tmp_path / name))
    (tmp_path / "other/desk-certificate.key").replace(tmp_path / "one/desk-certificate.key")
    assert certificate.made(settings(tmp_path / "one"))
    certificate.usable(settings(tmp_path / "one"))


def test_a_disk_that_takes_no_key_leaves_the_desk_without(tmp_path: Path) -> None:
    (tmp_path / "desk-certificate.new-key").mkdir()
    with pytest.raises(NoCertificate, match="no certificate can be made"):
        certificate.made(settings(tmp_path))


def test_only_its_owner_reads_the_key_and_a_browser_would_find_the_machines_names(tmp_path: Path) -> None:
    chosen = settings(tmp_path, tls_names=("desk.hospital.example", "10.1.2.3"))
    certificate.made(chosen)
    found = certificate.usable(chosen)
    assert stat.S_IMODE(found.key.stat().st_mode) == 0o600
    for name in ("localhost", "127.0.0.1", "desk.hospital.example", "10.1.2.3"):
        shake_hands(found, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(found, "elsewhere.example")


def test_without_https_none_is_made_and_the_operators_is_left_alone(tmp_path: Path) -> None:
    assert not certificate.made(settings(tmp_path, tls_port=0))
    theirs = {"tls_certificate": tmp_path / "theirs.pem", "tls_key": tmp_path / "theirs.key"}
    assert not certificate.made(settings(tmp_path, **theirs))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NoCertificate, match=r"theirs\.pem"):
        certificate.usable(settings(tmp_path, **theirs))
    with pytest.raises(NoCertificate, match="together"):
        certificate.files(settings(tmp_path, tls_certificate=tmp_path / "theirs.pem"))


def test_a_certificate_and_a_key_that_do_not_fit_are_not_used(tmp_path: Path) -> None:
    for name in ("one", "other"):
        certificate.made(settings(tmp_path / name))
    mixed = {
        "tls_certificate": tmp_path / "one/desk-certificate.pem", "tls_key": tmp_path / "other/desk-certificate.key",
    }  # fmt: skip
    with pytest.raises(NoCertificate):
        certificate.usable(settings(tmp_path, **mixed))


def test_one_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    certificate.made(settings(tmp_path))
    (tmp_path / "desk-certificate.pem").write_text("-----BEGIN CERTIFICATE-----\nno\n")
    assert certificate.made(settings(tmp_path))
    certificate.usable(settings(tmp_path))
