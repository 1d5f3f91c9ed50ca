"""Is it alive, is it ready, how much is there to do: for machines that watch machines."""

import asyncio
from collections.abc import Mapping
from hmac import compare_digest
from ipaddress import ip_address
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from pydantic import BaseModel

from web.board import in_turn
from web.context import DeskContext, DeskDep
from web.errors import MetricsRefused
from web.ports import Health
from web.rights import OPEN

router = APIRouter(tags=["vitals"], dependencies=[OPEN])
PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")  # what proxies add


class Ready(BaseModel):
    ready: bool
    parts: dict[str, str]


@router.get("/healthz")
async def healthz() -> dict[Literal["status"], Literal["ok"]]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(context: DeskDep, response: Response) -> Ready:
    """Every part that the desk needs; 503 when one is missing."""
    parts = await asked(context.health)
    ready = all(state == "ok" for state in parts.values())
    response.status_code = 200 if ready else 503
    return Ready(ready=ready, parts=parts)


async def asked(health: Mapping[str, Health]) -> dict[str, str]:
    """What each part says, all asked at once: "ok", or what is wrong."""
    answers = await asyncio.gather(*(part() for part in health.values()))
    return {name: answer or "ok" for name, answer in zip(health, answers, strict=True)}


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request, context: DeskDep) -> Response:
    """Prometheus; counts only, nothing private. For who sends the token as bearer; without one set, from here only."""
    _refuse_strangers(request, context.settings.metrics_secret.get_secret_value())
    return Response(generate_latest(await _registry(context)), media_type=CONTENT_TYPE_LATEST)


def _refuse_strangers(request: Request, secret: str) -> None:
    """Raises: MetricsRefused."""
    if secret:
        given = request.headers.get("authorization", "")
        allowed = compare_digest(given.encode(), f"Bearer {secret}".encode())
    else:
        proxied = any(name in request.headers for name in PROXIED)
        allowed = not proxied and request.client is not None and _loopback(request.client.host)
    if not allowed:
        raise MetricsRefused


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def _registry(context: DeskContext) -> CollectorRegistry:
    """Read from the records, so that every process tells the same; what counts whole tables is seconds old at most."""
    registry = CollectorRegistry()
    for name, counts in (await context.archive.tallies()).items():
        gauge = Gauge(f"onenumber_{name}", f"{name} so far, by outcome", ["outcome"], registry=registry)
        for outcome, count in counts.items():
            gauge.labels(outcome).set(count)
    waiting = in_turn(await context.records.queue.waiting())
    by_kind = Gauge("onenumber_waiting", "waiting now", ["kind", "urgency"], registry=registry)
    for entry in waiting:
        by_kind.labels("callback" if entry.callback_id else "live", entry.urgency).inc()
    oldest = min((entry.since for entry in waiting), default=None)
    age = (context.now() - oldest).total_seconds() if oldest else 0.0
    Gauge("onenumber_oldest_wait_seconds", "longest wait of those waiting now", registry=registry).set(age)
    states = Gauge("onenumber_agents", "agents now", ["state"], registry=registry)
    for agent in await context.records.agents.all():
        states.labels(agent.state).inc()
    return registry
