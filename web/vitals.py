"""Is it alive, is it ready, how much is there to do: for machines that watch machines."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from ipaddress import ip_address
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from pydantic import BaseModel, Field

from routing.model import RecordsUnavailable
from routing.nodes import alive, heard, named
from web.context import DeskContext, DeskDep
from web.errors import MetricsRefused
from web.ports import SERVES_STILL, Health
from web.rights import OPEN

router = APIRouter(tags=["vitals"], dependencies=[OPEN])
PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")  # what proxies add
NODES_S = 3.0


@dataclass(frozen=True)
class Watch:
    """What is told to machines, and to which."""

    health: Mapping[str, Health]  # what `/readyz` asks, by name
    token: str  # of who may read the counts; empty: only this machine may


def _watch(request: Request) -> Watch:
    watch: Watch = request.app.state.watch
    return watch


WatchDep = Annotated[Watch, Depends(_watch)]


class Ready(BaseModel):
    ready: bool
    parts: dict[str, str]
    nodes: dict[str, str] = Field(description="each Asterisk that shares the records: `alive`, or when it was heard of")


@router.get("/healthz")
async def healthz() -> dict[Literal["status"], Literal["ok"]]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(context: DeskDep, watch: WatchDep, response: Response) -> Ready:
    """Every part that the desk needs; 503 when one is missing."""
    parts = await asked(watch.health)
    ready = all(map(serves, parts.values()))
    response.status_code = 200 if ready else 503
    return Ready(ready=ready, parts=parts, nodes=await _nodes(context))


async def _nodes(context: DeskContext) -> dict[str, str]:
    """None where the records do not answer, which the part `database` tells."""
    try:
        async with asyncio.timeout(NODES_S):
            known = named(await context.records.nodes.all())
    except (RecordsUnavailable, TimeoutError):
        return {}
    return {node.name: "alive" if alive(node, context.now()) else heard(node, context.now()) for node in known}


async def asked(health: Mapping[str, Health]) -> dict[str, str]:
    """What each part says, all asked at once: "ok", or what is wrong."""
    answers = await asyncio.gather(*(part() for part in health.values()))
    return {name: answer or "ok" for name, answer in zip(health, answers, strict=True)}


def serves(state: str) -> bool:
    """Whether a part of this state is ready."""
    return state == "ok" or state.startswith(SERVES_STILL)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request, context: DeskDep, watch: WatchDep) -> Response:
    """Prometheus; counts only, nothing private. For who sends the token as bearer; without one set, from here only."""
    _refuse_strangers(request, watch.token)
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
    board = await context.board.counted()
    by_kind = Gauge("onenumber_waiting", "waiting now", ["kind", "urgency"], registry=registry)
    for entry in (waiter.entry for waiter in board.waiters):
        by_kind.labels("callback" if entry.callback_id else "live", entry.urgency).inc()
    oldest = board.waiting.longest_since
    age = (context.now() - oldest).total_seconds() if oldest else 0.0
    Gauge("onenumber_oldest_wait_seconds", "longest wait of those waiting now", registry=registry).set(age)
    states = Gauge("onenumber_agents", "agents now", ["state"], registry=registry)
    for agent in board.agents:
        states.labels(agent.state).inc()
    living = Gauge("onenumber_node_alive", "whether a node was heard of lately", ["node"], registry=registry)
    for node in named(await context.records.nodes.all()):
        living.labels(node.name).set(alive(node, context.now()))
    return registry
