"""The generated configuration: complete, private, and closed to text that would break out of it."""

import hashlib
import hmac
import platform
import re
import wave
from pathlib import Path
from typing import Any

import pytest

from config.documents import Edition, Site, load_edition
from config.settings import PROJECT, Settings
from controller.emergency_calls import CONTEXTS
from telephony.ami import EVENTS
from telephony.asterisk_config import agent_phones, phone_password, render, ringing
from telephony.asterisk_text import ConfigRefused, environment


@pytest.fixture(scope="module")
def edition() -> Edition:
    return load_edition(PROJECT / "config")


def settings(**changed: Any) -> Settings:
    return Settings(
        **{
            "ami_secret": "ami-secret",
            "agi_secret": "agi-secret",
            "phone_secret": "phone-secret",
            "trunk_secret": "trunk-secret",
            "browser_secret": "browser-secret",
            **changed,
        }
    )


def asterisk_root(root: Path, machine: str) -> Path:
    """An Asterisk as Debian lays it out for a kind of machine."""
    (root / "usr/lib" / machine / "asterisk/modules").mkdir(parents=True)
    return root


def rendered(name: str, folder: Path) -> str:
    return (folder / "etc" / name).read_text()


def with_site(edition: Edition, **changed: Any) -> Edition:
    return edition.model_copy(update={"site": Site.model_validate(edition.site.model_dump() | changed)})


def test_every_file_is_written_and_only_its_owner_reads_it(edition: Edition, tmp_path: Path) -> None:
    render(settings(), edition, tmp_path)
    files = list((tmp_path / "etc").iterdir())
    assert {"asterisk.conf", "extensions.conf", "manager.conf", "modules.conf", "pjsip.conf"} <= {f.name for f in files}
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_rendering_twice_replaces_what_was_there(edition: Edition, tmp_path: Path) -> None:
    render(settings(), edition, tmp_path)
    render(settings(line={"number": "112233"}), edition, tmp_path)
    assert "exten => 112233,1," in rendered("extensions.conf", tmp_path)
    assert not list((tmp_path / "etc").glob("*.new"))


def test_each_phone_has_its_own_derived_password(edition: Edition, tmp_path: Path) -> None:
    render(settings(), edition, tmp_path)
    expected = hmac.new(b"phone-secret", b"agent1", hashlib.sha256).hexdigest()
    assert phone_password(settings(), "agent1") == expected
    assert f"username = agent1\npassword = {expected}\n" in rendered("pjsip.conf", tmp_path)
    assert phone_password(settings(), "agent2") != expected


@pytest.mark.parametrize("machine", ["x86_64-linux-gnu", "aarch64-linux-gnu"])
def test_asterisk_finds_its_modules_on_every_machine(edition: Edition, tmp_path: Path, machine: str) -> None:
    root = asterisk_root(tmp_path / "root", machine)
    render(settings(asterisk={"root": root}), edition, tmp_path / "line")
    modules = f"astmoddir => /usr/lib/{machine}/asterisk/modules\n"  # as seen inside the root
    assert modules in rendered("asterisk.conf", tmp_path / "line")


def test_a_root_without_modules_says_what_to_do(edition: Edition, tmp_path: Path) -> None:
    (tmp_path / "root/usr/lib").mkdir(parents=True)
    with pytest.raises(ConfigRefused, match=r"no Asterisk modules in .*root: remove it and run `make setup`"):
        render(settings(asterisk={"root": tmp_path / "root"}), edition, tmp_path / "line")
    assert not (tmp_path / "line").exists()


def test_an_asterisk_in_a_container_of_its_own_has_its_modules_where_this_machine_would(
    edition: Edition, tmp_path: Path
) -> None:
    render(settings(asterisk={"root": tmp_path / "elsewhere"}), edition, tmp_path / "line")
    modules = re.search(
        r"^astmoddir => /usr/lib/(\w+)-linux-gnu/asterisk/modules$",
        rendered("asterisk.conf", tmp_path / "line"),
        re.MULTILINE,
    )
    assert modules
    assert modules[1] == platform.machine()


@pytest.mark.parametrize("secret", ["phone_secret", "trunk_secret", "browser_secret", "ami_secret", "agi_secret"])
def test_nothing_is_written_without_its_secrets(edition: Edition, tmp_path: Path, secret: str) -> None:
    with pytest.raises(ConfigRefused):
        render(settings(**{secret: ""}), edition, tmp_path)
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize("secret", ["sesame;open", "sesame\nopen", "sesame open", "sesame"])
def test_a_refused_secret_is_not_told(edition: Edition, tmp_path: Path, secret: str) -> None:
    with pytest.raises(ConfigRefused, match="secret") as refused:
        render(settings(ami_secret=secret), edition, tmp_path)
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize("number", ["100\nexten => _X.,1,Dial(PJSIP/${EXTEN})", "1;2", "_X.", "${EXTEN}", ""])
def test_a_line_number_cannot_open_the_dialplan(edition: Edition, tmp_path: Path, number: str) -> None:
    with pytest.raises(ConfigRefused):
        render(settings(line={"number": number}), edition, tmp_path)


@pytest.mark.parametrize("phone", ["a]\n[b", "x&PJSIP/+31900", "p;q", 'q"', "x/y", "${SHELL(id)}"])
def test_a_phone_name_cannot_open_the_configuration(edition: Edition, tmp_path: Path, phone: str) -> None:
    with pytest.raises(ConfigRefused):
        render(settings(), with_site(edition, fallback_phones=(phone,)), tmp_path)


def test_a_value_that_passed_no_filter_is_refused() -> None:
    with pytest.raises(ConfigRefused):
        environment().from_string("{{ value }}").render(value="plain")


def test_the_manager_interface_has_the_rights_that_it_needs_and_no_more(edition: Edition, tmp_path: Path) -> None:
    render(settings(), edition, tmp_path)
    lines = rendered("manager.conf", tmp_path).splitlines()
    rights = [line for line in lines if line.startswith(("read =", "write =", "eventfilter ="))]
    assert rights[:2] == ["read = call,system,user", "write = call,originate"]
    assert rights[2:] == [f"eventfilter = Event: {name}" for name in EVENTS]


def test_callers_and_dispatchers_reach_the_line_and_nothing_else(edition: Edition, tmp_path: Path) -> None:
    render(settings(line={"number": "100", "also_numbers": ["31201234567"]}), edition, tmp_path)
    contexts = rendered("extensions.conf", tmp_path).split("\n[")
    for name in ("from-callers]", "from-agents]"):
        body = next(context for context in contexts if context.startswith(name))
        entries = [line.split(",")[0] for line in body.splitlines() if line.startswith(("exten", "include"))]
        assert entries == ["exten => 100", "exten => 31201234567"]


def test_an_emergency_is_taken_by_desk_phones_and_by_nothing_else(edition: Edition, tmp_path: Path) -> None:
    render(settings(), edition, tmp_path)
    contexts = rendered("extensions.conf", tmp_path).split("\n[")
    body = next(context for context in contexts if context.startswith("onenumber-emergency-take]"))
    entries = [line for line in body.splitlines() if line.startswith("exten")]
    phones = [f"agent{number}{kind}" for number in (1, 2, 3) for kind in ("", "-browser")]
    taken = [f"exten => {phone},1,Set(ON_RINGING=PJSIP/{phone})" for phone in phones]
    assert entries[: len(taken)] == taken
    assert [line.split(",")[0] for line in entries[len(taken) :]] == ["exten => i", "exten => T"]
    assert "app_userevent" in rendered("modules.conf", tmp_path)


def contexts_of(folder: Path) -> dict[str, list[str]]:
    """The dialplan's lines by context."""
    parts = re.split(r"^\[", rendered("extensions.conf", folder), flags=re.MULTILINE)
    return {part.partition("]")[0]: part.splitlines()[1:] for part in parts[1:]}


def test_no_extension_begins_twice(edition: Edition, tmp_path: Path) -> None:
    """Asterisk keeps the first, drops what follows the second, and calls end there."""
    render(settings(line={"number": "100", "also_numbers": ["31201234567"]}), edition, tmp_path)
    for name, lines in contexts_of(tmp_path).items():
        begun = [found[1] for line in lines if (found := re.match(r"exten => ([^,]+),1,", line))]
        labels = [found[1] for line in lines if (found := re.match(r" same => n\((\w+)\),", line))]
        assert len(begun) == len(set(begun)), name
        assert name == "onenumber-arrival" or len(labels) == len(set(labels)), name


def test_wherever_an_emergency_is_its_end_is_told_and_no_time_limit_ends_it(edition: Edition, tmp_path: Path) -> None:
    render(settings(), edition, tmp_path)
    contexts = contexts_of(tmp_path)
    for name in CONTEXTS:
        assert "include => onenumber-ending" in contexts[name], name
        assert any(line.startswith("exten => T,1,Goto(") for line in contexts[name]), name


def test_outside_fallback_numbers_go_by_the_trunk(edition: Edition) -> None:
    site = with_site(edition, fallback_phones=("+31612345678", "fallback1", "204")).site
    assert ringing(site, site.fallback_phones) == "PJSIP/+31612345678@test-trunk&PJSIP/fallback1&PJSIP/204"
    assert "+31612345678" not in agent_phones(site)


def test_callers_phones_are_in_the_callers_context(edition: Edition, tmp_path: Path) -> None:
    render(settings(), edition, tmp_path)
    text = rendered("pjsip.conf", tmp_path)
    assert "[204](caller)" in text
    assert "[agent1](agent)" in text
    assert "[5550]" not in text  # a trunk's number, not a phone


def section(text: str, name: str) -> list[str]:
    """The lines of every section of that name."""
    parts = re.split(r"^\[", text, flags=re.MULTILINE)
    return [line for part in parts if part.startswith(f"{name}]") for line in part.splitlines()[1:]]


def test_only_what_has_a_password_is_known_by_its_name(edition: Edition, tmp_path: Path) -> None:
    render(settings(), edition, tmp_path)
    text = rendered("pjsip.conf", tmp_path)
    assert "identify_by = ip" in section(text, "any")
    named = re.findall(r"^\[([^]]+)\][^[]*?^identify_by = username", text, flags=re.MULTILINE)
    assert {"204", "agent1", "test-trunk"} <= set(named)
    assert all(f"auth = {name}" in section(text, name) for name in named)
    assert "set_var = ON_PHONE=204" in section(text, "204")
    assert "set_var = ON_TRUSTED=yes" in section(text, "trunk")


def test_sip_over_tls_needs_its_certificate_and_hands_asterisk_a_private_copy(edition: Edition, tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match="tls_certificate"):
        render(settings(asterisk={"tls_port": 5061}), edition, tmp_path / "line")
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    certificate.write_text("a certificate")
    files = {"tls_port": 5061, "tls_certificate": certificate, "tls_key": key}
    with pytest.raises(ConfigRefused, match="cannot be read"):
        render(settings(asterisk=files), edition, tmp_path / "line")
    key.write_text("a key")
    render(settings(asterisk=files), edition, tmp_path / "line")
    copy = tmp_path / "line/etc/tls-key.pem"
    assert (copy.read_text(), copy.stat().st_mode & 0o077) == ("a key", 0)
    assert "protocol = tls" in section(rendered("pjsip.conf", tmp_path / "line"), "tls")


@pytest.mark.parametrize(
    ("srtp", "lines"),
    [("off", []), ("optional", ["media_encryption = sdes", "media_encryption_optimistic = yes"]),
     ("required", ["media_encryption = sdes"])],
)  # fmt: skip
def test_srtp_is_a_setting(edition: Edition, tmp_path: Path, srtp: str, lines: list[str]) -> None:
    render(settings(asterisk={"srtp": srtp}), edition, tmp_path)
    text = section(rendered("pjsip.conf", tmp_path), "any")
    assert [line for line in text if line.startswith("media_encryption")] == lines


def test_several_controllers_are_tried_in_turn(edition: Edition, tmp_path: Path) -> None:
    render(settings(controller={"peers": ["10.0.0.2:4573"]}), edition, tmp_path)
    text = rendered("extensions.conf", tmp_path)
    assert "Set(ON_CONTROLLERS=127.0.0.1:4573&10.0.0.2:4573)" in text
    assert "% 2) + 1" in text


def test_the_hold_music_is_a_telephone_wav_and_an_admins_own_is_kept(edition: Edition, tmp_path: Path) -> None:
    render(settings(), edition, tmp_path)
    with wave.open(str(tmp_path / "sounds/hold/music.wav")) as music:
        assert (music.getframerate(), music.getsampwidth(), music.getnchannels()) == (8000, 2, 1)
    (tmp_path / "sounds/hold/music.wav").rename(tmp_path / "sounds/hold/ours.wav")
    render(settings(), edition, tmp_path)
    assert [file.name for file in (tmp_path / "sounds/hold").iterdir()] == ["ours.wav"]


def test_each_agent_has_a_phone_in_the_browser_that_no_network_reaches(edition: Edition, tmp_path: Path) -> None:
    render(settings(), edition, tmp_path)
    pjsip, http = rendered("pjsip.conf", tmp_path), rendered("http.conf", tmp_path)
    assert "[agent1-browser](browser)\n" in pjsip
    expected = hmac.new(b"browser-secret", b"agent1-browser", hashlib.sha256).hexdigest()
    assert f"username = agent1-browser\npassword = {expected}\n" in pjsip
    assert {"webrtc = yes", "media_encryption_optimistic = no"} <= set(section(pjsip, "browser"))
    assert "bindaddr = 127.0.0.1\nbindport = 8088\n" in http
    assert "enable_static = no\nenable_status = no\n" in http
    assert "res_pjsip_transport_websocket.so" in rendered("modules.conf", tmp_path)
    assert "exten => agent1-browser,1,Set(ON_RINGING=PJSIP/agent1-browser)" in rendered("extensions.conf", tmp_path)


def test_without_its_port_there_are_no_phones_in_browsers(edition: Edition, tmp_path: Path) -> None:
    render(settings(asterisk={"ws_port": 0}), edition, tmp_path)
    assert "webrtc" not in rendered("pjsip.conf", tmp_path)
    assert "enabled = no" in rendered("http.conf", tmp_path)
    assert "websocket" not in rendered("modules.conf", tmp_path)
    assert "icesupport = no " in rendered("rtp.conf", tmp_path)


def test_an_agent_in_a_group_is_rung_on_whichever_phone_is_there(edition: Edition) -> None:
    assert ringing(edition.site, ["urgent1", "agent1"]) == "PJSIP/urgent1&PJSIP/agent1&PJSIP/agent1-browser"
