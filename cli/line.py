"""One installation's processes, addresses and state on disk, from its settings."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import urlparse

from cli import parts
from cli.addresses import connectable, demo_phones_file, dial_address, instance_folder, state_file
from cli.listening import needed, own_redis
from cli.supervise import Kept, Rule
from config.settings import Settings
from telephony.instance import AsteriskInstance

Note = Callable[[Sequence[Kept], bool], None]
NAMES = ("Redis", "Asterisk", "controller", "web")  # in starting order
DEMO = "demo phones"  # where the site has some
CONTROLLER_HUNG_S = 10.0  # second line behind the dialplan's own limit
CONTROLLER_START_S = 300.0  # loading the models on a busy machine


def line_parts(settings: Settings) -> list[tuple[parts.Part, Rule]]:
    """What makes up the line, in starting order."""
    logs = settings.data_dir / "log"
    controller, web, asterisk = settings.controller, settings.web, settings.asterisk
    instance = AsteriskInstance(asterisk.root, instance_folder(settings))
    health = f"http://{connectable(controller.host)}:{controller.metrics_port}/healthz"
    desk = f"http://{connectable(web.host)}:{web.port}/healthz"
    made: list[tuple[parts.Part, Rule]] = [
        (parts.AsteriskPart(instance, (asterisk.host, asterisk.ami_port)), Rule()),
        (parts.serve("controller", health, logs / "controller.log"), Rule(CONTROLLER_HUNG_S, CONTROLLER_START_S)),
        (parts.serve("web", desk, logs / "web.log"), Rule()),
        (parts.demo_phones(demo_phones_file(settings), logs / "demo-phones.log"), Rule()),
    ]
    if own_redis(settings):
        port = urlparse(settings.redis_url).port or 6379
        made.insert(0, (parts.redis(settings.data_dir / "redis", port, logs / "redis.log"), Rule()))
    return made


@contextmanager
def state_on_disk(settings: Settings) -> Iterator[Note]:
    """Keeps `run.json` (what runs where, for tests and tools) true: none before the start, none after the end."""
    path = state_file(settings)
    path.unlink(missing_ok=True)
    last: Mapping[str, object] = {}

    def note(kept: Sequence[Kept], ready: bool) -> None:
        nonlocal last
        if (now := _state(settings, kept, ready)) == last:
            return
        last = now
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
        fresh.replace(path)

    try:
        yield note
    finally:
        path.unlink(missing_ok=True)


def _state(settings: Settings, kept: Sequence[Kept], ready: bool) -> Mapping[str, object]:
    return {
        "pid": os.getpid(),
        "ready": ready,
        "pids": {each.part.name: each.part.pid for each in kept},
        "restarts": {each.part.name: each.restarts for each in kept},
        "ports": {port.setting: port.number for port in needed(settings)},
        "dial": dial_address(settings),
        "urls": {
            "desk": f"http://{connectable(settings.web.host)}:{settings.web.port}",
            "controller": f"http://{connectable(settings.controller.host)}:{settings.controller.metrics_port}",
        },
    }
