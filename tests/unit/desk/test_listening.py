"""Where the desk listens by https; what keeps that away keeps nothing else away."""

import socket
from pathlib import Path

from config.settings import Settings, Web
from desk.listening import https_listener
from runtime import certificate
from tests.conftest import free_port


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, web=Web(tls_host="127.0.0.1", tls_port=free_port()))


def test_with_a_certificate_there_is_a_listener(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    certificate.made(chosen)
    listener = https_listener(chosen)
    assert listener
    files, bound = listener
    assert files.certificate == chosen.paths.certificate
    with bound, socket.create_connection(("127.0.0.1", chosen.web.tls_port)):
        pass


def test_without_a_certificate_its_port_or_the_wish_there_is_none_and_no_error(tmp_path: Path) -> None:
    assert https_listener(settings(tmp_path / "bare")) is None
    crowded = settings(tmp_path)
    certificate.made(crowded)
    with socket.create_server(("127.0.0.1", crowded.web.tls_port)):
        assert https_listener(crowded) is None
    crowded.web.tls_port = 0
    assert https_listener(crowded) is None
