"""Typed settings, read once by the composition root and passed down.

Environment (`ONENUMBER_…`, nested with `__`) over `settings.toml` over the defaults here.
Secrets come from the environment only; `make run` generates them into `var/secrets.env`.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from config.paths import DataPaths

PROJECT = Path(__file__).resolve().parent.parent
NODE_LENGTH = 19  # Asterisk keeps no more of a systemname
NODE_NAME = rf"^[A-Za-z0-9][A-Za-z0-9_-]{{0,{NODE_LENGTH - 1}}}$"


class Asterisk(BaseModel):
    root: Path = PROJECT / "var/asterisk"  # the private root that holds Asterisk and its libraries
    major: int = 22
    host: str = "127.0.0.1"
    sip_bind: str = "0.0.0.0"  # callers and dispatchers' phones come from the network
    sip_port: int = Field(5060, ge=1, le=65535)
    tls_port: int = Field(0, ge=0, le=65535)  # SIP over TLS, usually 5061; 0 = none
    tls_certificate: Path | None = None  # PEM, with the chain; Asterisk gets a copy at each start
    tls_key: Path | None = None
    srtp: Literal["off", "optional", "required"] = "optional"  # SDES; its keys are secret over TLS only
    rtp_start: int = 10000
    rtp_end: int = 10999
    nat: bool = False  # true: audio goes where a phone's packets come from, not where its SDP says
    ami_port: int = 5038
    ws_port: int = Field(8088, ge=0, le=65535)  # SIP of browsers, from the desk alone; 0 = no phones in browsers
    dead_controller_s: int = 8  # longest a caller may hang on a controller that no longer moves
    refused_retry_s: int = 2
    retries: int = 5  # a busy machine starts a controller in half a minute; then the fallback group rings


def node_name(machine: str) -> str:
    """Name of a machine's node: short, plain, always the same, and unlike that of a machine named otherwise."""
    host = re.sub(r"[^A-Za-z0-9-]", "-", machine.partition(".")[0]).strip("-") or "node"
    if len(host) <= NODE_LENGTH:
        return host
    return f"{host[:10]}-{hashlib.sha256(host.encode()).hexdigest()[:8]}"


class NodeSettings(BaseModel):
    """The Asterisk that this installation's controllers serve, among those that share one database.

    Its controllers, on whichever machine, and its Asterisk's configuration need the same name; no other may have it.
    """

    name: str = Field(default_factory=lambda: node_name(os.uname().nodename), pattern=NODE_NAME)
    silent_s: int = Field(180, ge=15)  # another node is gone, and its calls lost, when nobody heard of it for so long


class Admission(BaseModel):
    """How many callers are let in at once. A phone with a password or a trunk is known; all others are strangers."""

    callers: int = Field(0, ge=0)  # 0: as many as the RTP ports carry, each with a leg to be put through on
    outside_percent: int = Field(80, ge=1, le=100)  # of these, for trunks and strangers; the rest is the house's
    strangers_percent: int = Field(50, ge=1, le=100)
    of_address: int = Field(20, ge=1)  # calls at once from a stranger's address; a PBX gets an endpoint of its own
    of_phone: int = Field(4, ge=1)  # calls at once of one phone with a password


class ControllerSettings(BaseModel):
    host: str = "127.0.0.1"
    agi_port: int = 4573
    audiosocket_port: int = 9092
    metrics_port: int = 9464
    peers: tuple[str, ...] = ()  # "host:port" of other controllers' AGI servers, tried in turn
    first_row_ms: int = 1_000  # no record by then: step aside, the dialplan takes the call
    tick_ms: int = 500


class Web(BaseModel):
    host: str = "127.0.0.1"
    port: int = 8080
    tls_host: str = "0.0.0.0"  # other machines' browsers come from the network
    tls_port: int = Field(8443, ge=0, le=65535)  # the same desk by https; 0 = none
    tls_certificate: Path | None = None  # PEM, with the chain; without one, the line makes its own
    tls_key: Path | None = None
    tls_names: tuple[str, ...] = ()  # names and addresses in the line's own certificate, beside this machine's
    session_hours: int = 12
    secure_cookies: bool = False  # true behind TLS


class SpeechSettings(BaseModel):
    engine: str = "auto"  # auto = the best measured of those installed
    workers: int = 1
    threads: int = Field(2, ge=1)  # of each Whisper worker
    queue_limit: int = 8  # utterances waiting for a worker; beyond that callers get keys
    limit_s: float = 6.0  # an utterance that waits and is read for longer gets its caller keys
    models: Path = PROJECT / "var/models"


class VoiceSettings(BaseModel):
    home: Path = PROJECT / "var/voices"  # an environment of its own in which Piper runs as a separate program
    models: Path = PROJECT / "var/voice-models"  # further Piper voices (nl_NL-….onnx with its .json); these win
    workers: int = Field(1, ge=1)
    queue_limit: int = 4  # sentences waiting for a worker; beyond that recorded parts are spoken
    limit_ms: int = 1_800  # a sentence that takes longer is spoken from recorded parts
    memory_mb: int = 64  # recently spoken sentences kept in memory


class UnderstandingSettings(BaseModel):
    encoders: Path = PROJECT / "var/encoders"  # what docker/install/encoder.sh makes; without it the line goes on


class LineSettings(BaseModel):
    config_dir: Path = PROJECT / "config"
    number: str = "100"
    also_numbers: tuple[str, ...] = ()  # other numbers that reach the line, as a trunk delivers them
    language: str = "en"


class Retention(BaseModel):
    words_days: int = 90  # what callers said, names and numbers
    recordings_days: int = 30


def _secret(name: str) -> bool:
    return name.endswith(("_secret", "_url"))


class Settings(BaseSettings):
    """Everything an installation may change."""

    model_config = SettingsConfigDict(
        env_prefix="ONENUMBER_", env_nested_delimiter="__", toml_file="settings.toml", extra="forbid"
    )

    data_dir: Path = PROJECT / "var"
    database_url: str = ""  # empty: SQLite in data_dir
    redis_url: str = "redis://127.0.0.1:6390/0"  # a Redis of our own, beside one that the system may run on 6379
    log_private: bool = False  # true writes pii_ fields in clear
    asterisk: Asterisk = Asterisk()
    node: NodeSettings = Field(default_factory=NodeSettings)
    admission: Admission = Admission()
    controller: ControllerSettings = ControllerSettings()
    web: Web = Web()
    speech: SpeechSettings = SpeechSettings()
    voices: VoiceSettings = VoiceSettings()
    understanding: UnderstandingSettings = UnderstandingSettings()
    line: LineSettings = LineSettings()
    retention: Retention = Retention()
    ami_user: str = "onenumber"
    ami_secret: SecretStr = SecretStr("")
    agi_secret: SecretStr = SecretStr("")  # by which Asterisk shows that an AGI session is its own
    phone_secret: SecretStr = SecretStr("")  # seed of the dispatchers' phone passwords
    trunk_secret: SecretStr = SecretStr("")
    browser_secret: SecretStr = SecretStr("")  # seed of the passwords of phones in browsers, which never leave the desk
    audit_secret: SecretStr = SecretStr("")  # seals the audit: whoever writes in the database does not know it
    metrics_secret: SecretStr = SecretStr("")  # bearer token of the desk's /metrics; empty: this machine only

    def telling(self) -> dict[str, Any]:
        """What a call ran with, as JSON: no secrets, and no addresses that may hold one."""
        return self.model_dump(mode="json", exclude={name for name in type(self).model_fields if _secret(name)})

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.paths.database}"

    @property
    def paths(self) -> DataPaths:
        return DataPaths(self.data_dir)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
