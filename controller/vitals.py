"""A controller's health and metrics over HTTP, for machines that watch machines."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from web.ports import Health
from web.vitals import asked, serves

Counts = Callable[[], Mapping[str, int]]  # since the start


class RefusedCounter(Collector):
    """Who was not let in, by what refused them."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily("onenumber_refused", "Callers and connections not let in.", labels=["by"])
        for name, count in self._counts().items():
            family.add_metric([name], count)
        yield family


class Late(Collector):
    """What callers' sound was late by: beyond what phones make up for, each second of it was a gap for all of them."""

    def __init__(self, late_s: Callable[[], float]) -> None:
        self._late_s = late_s

    def collect(self) -> Iterator[CounterMetricFamily]:
        about = "Seconds by which callers heard their sound late: this machine has more to do than it can."
        yield CounterMetricFamily("onenumber_sound_late_seconds", about, value=self._late_s())


async def serve(
    host: str, port: int, health: Mapping[str, Health], live_calls: Callable[[], int], refused: Counts,
    late_s: Callable[[], float],
) -> None:  # fmt: skip
    """Until cancelled."""
    server = uvicorn.Server(
        uvicorn.Config(
            application(health, live_calls, refused, late_s),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
        )
    )
    setattr(server, "capture_signals", contextlib.nullcontext)  # noqa: B010  # the controller has signals of its own
    await server.serve()


def application(
    health: Mapping[str, Health], live_calls: Callable[[], int], refused: Counts, late_s: Callable[[], float]
) -> Starlette:
    """`/healthz`: it moves; `/readyz`: calls are served whole, or 503; `/metrics`: Prometheus."""
    registry = CollectorRegistry()
    registry.register(RefusedCounter(refused))
    registry.register(Late(late_s))
    live = Gauge("onenumber_live_calls", "Calls whose audio this controller holds.", registry=registry)
    live.set_function(lambda: float(live_calls()))
    part = Gauge("onenumber_part_up", "Whether a part that calls need is there.", ["part"], registry=registry)

    tasks = Gauge("onenumber_tasks", "Tasks of this controller.", registry=registry)
    tasks.set_function(lambda: float(len(asyncio.all_tasks())))

    async def lives(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(request: Request) -> Response:
        parts = await asked(health)
        well = all(map(serves, parts.values()))
        return JSONResponse({"ready": well, "parts": parts}, 200 if well else 503)

    async def metrics(request: Request) -> Response:
        for name, state in (await asked(health)).items():
            part.labels(name).set(serves(state))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", lives), Route("/readyz", ready), Route("/metrics", metrics)])
