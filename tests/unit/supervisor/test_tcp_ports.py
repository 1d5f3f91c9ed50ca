"""A taken port is named, with who has it and what to change."""

import os
import socket
from collections.abc import Iterator

import pytest

from config.settings import Asterisk, Settings, Web
from supervisor.tcp_ports import Port, conflicts, holder, is_free, needed, own_redis, shortcomings


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        made.listen()
        yield made


def test_a_taken_port_is_said_with_its_holder_and_its_setting(listener: socket.socket) -> None:
    port = Port("the desk", "127.0.0.1", listener.getsockname()[1], "web.port", "web")
    (sentence,) = conflicts([port])
    assert f"Port {port.number}/tcp for the desk is taken by" in sentence
    assert f"process {os.getpid()}" in sentence
    assert "ONENUMBER_WEB__PORT" in sentence
    assert "web.port in settings.toml" in sentence


def test_no_caller_is_left_alone_for_a_port_of_browsers(listener: socket.socket) -> None:
    taken = listener.getsockname()[1]
    settings = Settings(web=Web(tls_host="127.0.0.1", tls_port=taken), asterisk=Asterisk(ws_port=taken))
    ports = [port for port in needed(settings) if port.number == taken]
    assert [conflicts([port]) for port in ports] == [[], []]
    both = " ".join(shortcomings(ports))
    assert "for the desk by https is taken" in both
    assert "for SIP of browsers is taken" in both


def test_a_taken_datagram_port_is_seen() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        port = Port("SIP", "0.0.0.0", made.getsockname()[1], "asterisk.sip_port", "Asterisk", "udp")
        assert not is_free(port)
        assert holder(port)
    assert is_free(port)


def test_a_connection_that_has_just_ended_does_not_take_a_port() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        address = server.getsockname()
        with socket.create_connection(address) as client:
            accepted, _ = server.accept()
            accepted.close()  # this side closes first and keeps TIME_WAIT
            client.recv(1)
    assert is_free(Port("the desk", address[0], address[1], "web.port", "web"))


def test_one_port_for_two_things_is_refused() -> None:
    settings = Settings(web=Web(port=9464))
    assert any("both health and metrics and the desk" in sentence for sentence in conflicts(needed(settings)))


def test_every_port_names_a_setting_that_exists() -> None:
    settings = Settings()
    for port in needed(settings):
        value: object = settings
        for name in port.setting.split("."):
            value = getattr(value, name)
        assert str(port.number) in str(value)


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("redis://127.0.0.1:6379/0", True),
        ("redis://redis:6379/0", False),
        ("redis://:secret@127.0.0.1:6379/0", False),
    ],
)
def test_only_a_loopback_redis_is_ours_to_start(url: str, ours: bool) -> None:
    settings = Settings(redis_url=url)
    assert own_redis(settings.redis_url) is ours
    assert any(port.what == "Redis" for port in needed(settings)) is ours
