"""Everything one Asterisk instance reads, generated from the settings and the site.

The instance folder is laid out by `telephony.instance`; paths in the files are those that
Asterisk itself sees. Nothing is autoloaded: `modules.conf` names what the line uses.
"""

import os
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from config.documents import Edition, Site
from config.settings import Settings
from routing.emergencies import TALKED_S
from routing.phones import PhoneKind, derived_password, phone_of
from telephony import admission, ami
from telephony.asterisk_text import ConfigRefused, environment
from telephony.dialling import DialRefused, OutsideNumber, RegisteredPhone, dial_string
from telephony.hold_music import write_hold_music, write_ringing
from telephony.instance import FOLDERS, inside

# What Asterisk says by itself: file under sounds/<language>/ (8 kHz, 16 bit, mono WAV) → prompt key.
STANDALONE_PROMPTS: dict[str, str] = {
    "standalone-wait": "standalone_wait",
    "standalone-leave-message": "standalone_leave_message",
    "standalone-thanks": "standalone_thanks",
    "standalone-not-kept": "standalone_not_kept",
    "standalone-call-again": "standalone_call_again",
    "standalone-sorry": "standalone_sorry",
    "emergency-instruction": "emergency_instruction",
    "emergency-stay": "emergency_stay",
    "emergency-wait": "emergency_wait",
    "line-full": "line_full",
    "line-crowded": "line_crowded",
    "line-busy": "line_busy",
}
MESSAGE_LIMIT_S = 120
MESSAGE_SILENCE_S = 15  # that long a silence ends a message
WAV_HEADER_BYTES = 44  # a file of no more holds no sound
ASK_AGAIN_S = 4  # who waits in line asks the controller so often …
JOIN_S = 8  # a dispatcher who has taken the phone waits so long for their caller, who hears a sentence out first
ASKED_BETWEEN = 4  # … and hears at every so many askings that they wait
UNKEPT_ROUNDS = 3  # so often the fallback group is rung for whose message cannot be kept
AMI_RIGHTS = {"read": ",".join(ami.READ), "write": ",".join(ami.WRITE), "events": ami.EVENTS}


@dataclass(frozen=True)
class Phone:
    """A SIP user that registers at our Asterisk."""

    name: str
    password: str
    context: str
    kind: PhoneKind = PhoneKind.DESK


def phone_password(settings: Settings, name: str) -> str:
    """Password of a phone: derived, so that nothing has to store it.

    Raises: ConfigRefused without a phone secret.
    """
    return _derived(settings.phone_secret, name)


def trunk_password(settings: Settings, name: str) -> str:
    """Password with which the demo's trunk registers. Raises: ConfigRefused without a trunk secret."""
    return _derived(settings.trunk_secret, name)


def ringing(site: Site, names: Iterable[str]) -> str:
    """Dial string that rings phones of ours, and outside numbers by way of the trunk, in parallel.

    Of an agent both phones: the one that is not registered does not ring. Raises: ConfigRefused.
    """
    ours = set(agent_phones(site)) | set(caller_phones(site))
    agents = {agent.phone for agent in site.agents}
    rung = [each for name in names for each in ((name, _in_browser(name)) if name in agents else (name,))]
    ours |= {_in_browser(name) for name in ours & agents}
    try:
        return dial_string(
            *(RegisteredPhone(name) if name in ours else OutsideNumber(name, site.callback.trunk) for name in rung)
        )
    except DialRefused as refused:
        raise ConfigRefused(str(refused)) from refused


def desk_phones(site: Site) -> dict[str, str]:
    """Of each phone on which an agent may take calls: what rings it alone. Raises: ConfigRefused."""
    phones = [each for name in _agents(site) for each in (name, _in_browser(name))]
    try:
        return {phone: dial_string(RegisteredPhone(phone)) for phone in phones}
    except DialRefused as refused:
        raise ConfigRefused(str(refused)) from refused


def _agents(site: Site) -> list[str]:
    return [agent.phone for agent in site.agents if agent.phone]


def _in_browser(phone: str) -> str:
    return str(phone_of(phone, PhoneKind.BROWSER))


def agent_phones(site: Site) -> list[str]:
    """SIP users of everyone who answers calls, each once."""
    answering = _agents(site)
    others = (*site.emergency.urgent_phones, *site.emergency.fallback_numbers, *site.fallback_phones)
    return list(dict.fromkeys([*answering, *(name for name in others if not _outside(name))]))


def caller_phones(site: Site) -> list[str]:
    """SIP users of the callers' phones that register at our own Asterisk."""
    return [contact.number for contact in site.contacts if contact.phone]


def modules_folder(root: Path) -> Path:
    """Where an Asterisk finds its modules inside its root: the folder bears Debian's name for the kind of machine.

    Without a root here, Asterisk has a container of its own, on the same machine.

    Raises: ConfigRefused.
    """
    if found := sorted(root.glob("usr/lib/*/asterisk/modules")):
        return "/" / found[0].relative_to(root)
    machine = sysconfig.get_config_var("MULTIARCH")
    if root.exists() or not machine:
        raise ConfigRefused(f"there are no Asterisk modules in {root}: remove it and run `make setup`")
    return Path("/usr/lib", machine, "asterisk/modules")


def render(settings: Settings, edition: Edition, target: Path) -> None:
    """Write the configuration of the instance whose folder is `target` (its `etc/` and what that names).

    Raises: ConfigRefused when a value could break out of its place, or Asterisk has no modules.
    """
    files = made(settings, edition, target)
    tls = _tls_files(settings)
    for folder in (*FOLDERS, "spool/messages"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    write_hold_music(target / "sounds/hold/music.wav")
    write_ringing(target / "sounds/ringing.wav")
    for name, text in {**files, **tls}.items():
        _write_private(target / "etc" / name, text)


def made(settings: Settings, edition: Edition, target: Path) -> dict[str, str]:
    """Name → text of each file that the documents and the settings make. Raises: ConfigRefused."""
    templates = environment()
    words = _words(settings, edition.site, inside(target))
    names = templates.list_templates(["j2"])
    return {name.removesuffix(".j2"): templates.get_template(name).render(words) for name in names}


def _words(settings: Settings, site: Site, home: Path) -> dict[str, Any]:
    return {
        "home": home,
        "modules": modules_folder(settings.asterisk.root),
        "sounds": home / "sounds" / settings.line.language,
        "settings": settings,
        "site": site,
        "phones": _phones(settings, site),
        "trunk": Phone(site.callback.trunk, trunk_password(settings, site.callback.trunk), "from-callers"),
        "ami": {"user": settings.ami_user, "secret": settings.ami_secret.get_secret_value()},
        "ami_rights": AMI_RIGHTS,
        "agi_secret": settings.agi_secret.get_secret_value(),
        "numbers": [settings.line.number, *settings.line.also_numbers],
        "controllers": [f"{settings.controller.host}:{settings.controller.agi_port}", *settings.controller.peers],
        "urgent": ringing(site, site.emergency.urgent_phones),
        "fallback": ringing(site, site.emergency.fallback_numbers),
        "standby": ringing(site, site.fallback_phones),
        "desk_phones": desk_phones(site),
        "retry_lease_s": max(2, settings.asterisk.dead_controller_s // 2),
        "message_limit_s": MESSAGE_LIMIT_S,
        "message_silence_s": MESSAGE_SILENCE_S,
        "talked_s": TALKED_S,
        "wav_header_bytes": WAV_HEADER_BYTES,
        "unkept_rounds": UNKEPT_ROUNDS,
        "ask_again_s": ASK_AGAIN_S,
        "join_s": JOIN_S,
        "asked_between": ASKED_BETWEEN,
        **_admission(settings, site),
    }


def _admission(settings: Settings, site: Site) -> dict[str, Any]:
    try:
        shares = admission.shares(settings.asterisk, settings.admission, site)
    except admission.TooFewPorts as error:
        raise ConfigRefused(str(error)) from error
    attention = admission.attention(site)
    return {
        "shares": shares,
        "attention": attention,
        "open_phones": ringing(site, attention.open_phones),
        "staff": admission.staff_numbers(site),
    }


def _tls_files(settings: Settings) -> dict[str, str]:
    """Certificate and key, for Asterisk sees nothing but its own folder. Raises: ConfigRefused."""
    asterisk = settings.asterisk
    if not asterisk.tls_port:
        return {}
    if asterisk.tls_certificate is None or asterisk.tls_key is None:
        raise ConfigRefused("asterisk.tls_port needs asterisk.tls_certificate and asterisk.tls_key")
    try:
        return {
            "tls-certificate.pem": asterisk.tls_certificate.read_text(),
            "tls-key.pem": asterisk.tls_key.read_text(),
        }
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigRefused(f"the certificate for SIP over TLS cannot be read: {error}") from error


def _phones(settings: Settings, site: Site) -> list[Phone]:
    answering = agent_phones(site)
    calling = [name for name in caller_phones(site) if name not in answering]
    return [
        *(Phone(name, phone_password(settings, name), "from-agents") for name in answering),
        *(Phone(name, phone_password(settings, name), "from-callers") for name in calling),
        *(_browser_phone(settings, name) for name in _agents(site) if settings.asterisk.ws_port),
    ]


def _browser_phone(settings: Settings, agent_phone: str) -> Phone:
    name = _in_browser(agent_phone)
    return Phone(name, _derived(settings.browser_secret, name), "from-agents", PhoneKind.BROWSER)


def _outside(name: str) -> bool:
    """Whether it is a telephone number outside rather than a phone of ours."""
    return name.removeprefix("+").isdecimal()


def _derived(secret: SecretStr, name: str) -> str:
    if not (known := secret.get_secret_value()):
        raise ConfigRefused("the phones' secret is not set")
    return derived_password(known, name)


def _write_private(path: Path, text: str) -> None:
    """Replace a file in one step; it holds secrets, so only its owner reads it, and Asterisk by its group."""
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    if path.exists():  # stays readable for the user that runs Asterisk
        before = path.stat()
        os.chown(fresh, before.st_uid, before.st_gid)
        fresh.chmod(before.st_mode & 0o740)
    fresh.replace(path)
