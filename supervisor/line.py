"""One installation's processes, addresses and state on disk, from its settings."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlparse

from config.documents import Edition, digest
from config.settings import Settings
from runtime.addresses import connectable, dial_address, https_address
from supervisor import leftovers, parts
from supervisor.supervise import Rule, SupervisedPart
from supervisor.tcp_ports import needed, own_redis
from telephony.instance import AsteriskInstance

NAMES = ("Redis", "Asterisk", "controller", "web")  # in starting order
CONTROLLER_HUNG_S = 10.0  # second line behind the dialplan's own limit
CONTROLLER_START_S = 300.0  # loading the models on a busy machine
ASTERISK_HUNG_S = 20.0  # silent to SIP and to its manager: talks are in it, and no talk lasts in one that stands still
DESK_HUNG_S = 20.0
DESK_START_S = 120.0
REDIS_HUNG_S = 10.0


def line_parts(settings: Settings, edition: Edition, dies_with_us: bool = True) -> list[tuple[parts.Part, Rule]]:
    """What makes up the line, in starting order."""
    logs = settings.paths.logs
    controller, web, asterisk = settings.controller, settings.web, settings.asterisk
    instance = AsteriskInstance(asterisk.root, settings.paths.asterisk, outlives_starter=not dies_with_us)
    sip = (settings.line.number, connectable(asterisk.sip_bind), asterisk.sip_port)
    health = f"http://{connectable(controller.host)}:{controller.metrics_port}/healthz"
    desk = f"http://{connectable(web.host)}:{web.port}/healthz"
    same = digest(settings.telling())  # documents are followed while it runs
    named = digest(settings.telling() | edition.hashes())
    made: list[tuple[parts.Part, Rule]] = [
        (
            parts.AsteriskPart(instance, (asterisk.host, asterisk.ami_port), sip),
            Rule(ASTERISK_HUNG_S),
        ),
        (
            parts.serve("controller", health, logs / "controller.log", same, dies_with_us),
            Rule(CONTROLLER_HUNG_S, CONTROLLER_START_S),
        ),
        (parts.serve("web", desk, logs / "web.log", same, dies_with_us), Rule(DESK_HUNG_S, DESK_START_S)),
    ]
    if edition.site.demo_phones:
        state = settings.paths.demo_phones
        made.append((parts.demo_phones(state, logs / "demo-phones.log", named, dies_with_us), Rule()))
    if own_redis(settings.redis_url):
        port = urlparse(settings.redis_url).port or 6379
        made.insert(0, (parts.redis(port, logs / "redis.log", dies_with_us), Rule(REDIS_HUNG_S)))
    return made


class StateOnDisk:
    """Keeps `run.json` true: what runs where, for tests, tools and the next supervisor; none after a deliberate end.

    A disk that refuses it costs the tools their view, and nothing else.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = settings.paths.run_state
        self._last: Mapping[str, object] = {}

    def note(self, kept: Sequence[SupervisedPart], ready: bool) -> None:
        """Write what has changed; what the disk refuses is tried again the next time."""
        if (now := _state(self._settings, kept, ready)) == self._last:
            return
        fresh = self._path.with_suffix(".new")
        with suppress(OSError):
            fresh.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
            fresh.replace(self._path)
            self._last = now

    def forget(self) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def _state(settings: Settings, kept: Sequence[SupervisedPart], ready: bool) -> Mapping[str, object]:
    return {
        "pid": os.getpid(),
        "ready": ready,
        "pids": {each.part.name: each.pid for each in kept},
        "parts": leftovers.written(kept),
        "restarts": {each.part.name: each.restarts for each in kept},
        "ports": {port.setting: port.number for port in needed(settings)},
        "dial": dial_address(settings),
        "urls": {
            "desk": f"http://{connectable(settings.web.host)}:{settings.web.port}",
            "desk_https": https_address(settings).rstrip("/"),
            "controller": f"http://{connectable(settings.controller.host)}:{settings.controller.metrics_port}",
        },
    }
