"""A controller's health and metrics over HTTP, for machines that watch machines."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Parts = Callable[[], Mapping[str, bool]]  # whether each part that calls need is there now
Refused = Callable[[], Mapping[int, int]]  # calls that Asterisk refused, by SIP code


async def serve(host: str, port: int, parts: Parts, live_calls: Callable[[], int], refused: Refused) -> None:
    """Until cancelled."""
    server = uvicorn.Server(
        uvicorn.Config(
            application(parts, live_calls, refused),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
        )
    )
    setattr(server, "capture_signals", contextlib.nullcontext)  # noqa: B010  # the controller has signals of its own
    await server.serve()


def application(parts: Parts, live_calls: Callable[[], int], refused: Refused = dict) -> Starlette:
    """`/healthz`: it moves; `/readyz`: calls are served whole, or 503; `/metrics`: Prometheus."""
    registry = CollectorRegistry()
    live = Gauge("onenumber_live_calls", "Calls whose audio this controller holds.", registry=registry)
    live.set_function(lambda: float(live_calls()))
    part = Gauge("onenumber_part_up", "Whether a part that calls need is there.", ["part"], registry=registry)

    tasks = Gauge("onenumber_tasks", "Tasks of this controller.", registry=registry)
    tasks.set_function(lambda: float(len(asyncio.all_tasks())))

    by_code = Gauge("onenumber_calls_refused", "Calls that Asterisk refused, by SIP code.", ["code"], registry=registry)

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(request: Request) -> Response:
        now = parts()
        return JSONResponse({"ready": all(now.values()), "parts": dict(now)}, 200 if all(now.values()) else 503)

    async def metrics(request: Request) -> Response:
        for name, up in parts().items():
            part.labels(name).set(up)
        for code, count in refused().items():
            by_code.labels(str(code)).set(count)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", health), Route("/readyz", ready), Route("/metrics", metrics)])
