"""What programs may rely on: HTTP's own rules, refused nonsense, and a description that says it all."""

from dataclasses import replace
from typing import Any, get_args

import httpx
import pytest
from pydantic import SecretStr

from routing.identity import new_id
from routing.model import CallerId, CallerKind, CallState, Stage
from tests.unit.web.demo import Desk

LISTS = ("/api/v1/calls", "/api/v1/tickets", "/api/v1/callbacks", "/api/v1/events", "/api/v1/missed")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("field", "value"),
    [("before", "nonsense"), ("before", "' OR 1=1 --"), ("before", ""), ("limit", "0"), ("limit", "100000"),
     ("limit", "x"), ("befor", "1"), ("<b>", "1")],
)  # fmt: skip
async def test_a_cursor_a_limit_or_a_field_that_is_none_is_refused(
    anna: httpx.AsyncClient, path: str, field: str, value: str
) -> None:
    answer = await anna.get(path, params={field: value})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["fields"]) == (422, "invalid", [f"query.{field}"])


@pytest.mark.parametrize(
    ("path", "field"),
    [("calls", "state"), ("callbacks", "state"), ("tickets", "stage"), ("tickets", "urgency"), ("calls", "ending")],
)
async def test_a_state_that_there_is_not_is_refused(anna: httpx.AsyncClient, path: str, field: str) -> None:
    answer = await anna.get(f"/api/v1/{path}", params={field: "No such!"})
    assert (answer.status_code, answer.json()["error"]["fields"]) == (422, [f"query.{field}"])


async def test_a_body_with_a_field_that_nobody_reads_is_refused(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    answer = await anna.post(f"/api/v1/tickets/{ticket.number}/stage", json={"to": "accepted", "anwser": "x"})
    assert (answer.status_code, answer.json()["error"]["fields"]) == (422, ["body.anwser"])
    assert (await desk.records.tickets.load(ticket.id)).stage is Stage.RECORDED


@pytest.mark.parametrize("last", ["x", "1", "1-1; DROP", "9" * 30 + "-1"])
async def test_a_place_in_the_stream_that_is_none_is_refused(anna: httpx.AsyncClient, last: str) -> None:
    answer = await anna.get("/api/v1/events/stream", headers={"Last-Event-ID": last})
    assert answer.status_code == 422


async def test_a_401_says_how_to_log_in(client: httpx.AsyncClient) -> None:
    for answer in (
        await client.get("/api/v1/me"),
        await client.get("/api/v1/me", headers={"Authorization": "Bearer nonsense"}),
        await client.post("/api/v1/sessions", json={"login": "anna", "password": "wrong"}),
        await client.get("/tickets/1/part", headers={"HX-Request": "true"}),
    ):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/api/v1/calls", "GET"), ("GET", "/api/v1/sessions", "POST"), ("PUT", "/healthz", "GET")],
)
async def test_a_method_that_is_not_allowed_names_those_that_are(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert allowed in answer.headers["allow"]


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/calls", "/login", "/tickets", "/static/desk.css"])
async def test_head_tells_what_get_would_without_its_body(anna: httpx.AsyncClient, path: str) -> None:
    head, got = await anna.head(path), await anna.get(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]


async def test_an_error_of_our_own_has_the_one_shape(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret of a caller")

    monkeypatch.setattr(desk.records.queue, "waiting", broken)
    transport = httpx.ASGITransport(desk.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        token = (await client.post("/api/v1/sessions", json=_credentials())).json()["token"]
        answer = await client.get("/api/v1/queue", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "failed")
    assert "secret" not in answer.text


def _credentials() -> dict[str, str]:
    return {"login": "anna", "password": "correct horse battery"}


async def test_the_description_has_security_and_states(client: httpx.AsyncClient) -> None:
    described: dict[str, Any] = (await client.get("/api/openapi.json")).json()
    kinds = {scheme["type"]: scheme for scheme in described["components"]["securitySchemes"].values()}
    assert kinds["http"]["scheme"] == "bearer"
    assert kinds["apiKey"]["in"] == "cookie"
    open_paths = {("/api/v1/sessions", "post")}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            secured = path.startswith("/api/") and (path, method) not in open_paths
            assert bool(operation.get("security")) is secured, (method, path)
    schemas = described["components"]["schemas"]
    assert set(schemas["CallState"]["enum"]) == set(CallState)
    for name in ("CallOut", "TicketOut", "CallbackOut", "OfferOut", "AgentOut"):
        field = "stage" if name == "TicketOut" else "state"
        assert "$ref" in schemas[name]["properties"][field], name
    assert schemas["TicketOut"]["properties"]["urgency"]["enum"] == ["critical", "high", "normal", "low"]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_counts_are_not_told_by_way_of_a_proxy(client: httpx.AsyncClient, header: str) -> None:
    assert (await client.get("/metrics")).status_code == 200
    refused = await client.get("/metrics", headers={header: "127.0.0.1"})
    assert (refused.status_code, "onenumber_" in refused.text) == (401, False)


async def test_counts_are_not_told_to_other_machines(desk: Desk) -> None:
    transport = httpx.ASGITransport(desk.app, client=("10.0.0.9", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        assert (await client.get("/metrics")).status_code == 401
        desk.settings.metrics_secret = SecretStr("long enough")
        desk.app.state.watch = replace(desk.app.state.watch, token="long enough")
        assert (await client.get("/metrics", headers={"Authorization": "Bearer else"})).status_code == 401
        told = await client.get("/metrics", headers={"Authorization": "Bearer long enough"})
    assert (told.status_code, "onenumber_waiting" in told.text) == (200, True)
    assert "metrics_secret" not in desk.settings.telling()


async def test_what_was_decided_on_old_knowledge_is_refused(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    path = f"/api/v1/tickets/{ticket.number}"
    assert (await anna.post(f"{path}/stage", json={"to": "accepted", "seen": "recorded"})).status_code == 200
    late = await anna.post(f"{path}/stage", json={"to": "dispatched", "seen": "recorded"})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "changed_meanwhile")
    assert (await anna.post(f"{path}/urgency", json={"urgency": "low", "seen": "high"})).status_code == 409


async def test_a_draft_is_kept_and_forgotten(anna: httpx.AsyncClient) -> None:
    path = f"/api/v1/me/drafts/answer-{new_id()}"
    assert (await anna.put(path, json={"fields": {"answer": "The plum"}})).status_code == 204
    assert (await anna.get(path)).json() == {"fields": {"answer": "The plum"}}
    await anna.put(path, json={"fields": {"answer": ""}})
    assert (await anna.get(path)).json() == {"fields": {}}
    assert (await anna.put("/api/v1/me/drafts/else", json={"fields": {}})).status_code == 422
    assert (await anna.put(path, json={"fields": {"answer": "x" * 4_001}})).status_code == 422


@pytest.mark.parametrize("kind", get_args(CallerKind))
async def test_every_kind_of_caller_is_told(anna: httpx.AsyncClient, desk: Desk, kind: CallerKind) -> None:
    call = await desk.call(CallerId("0612345678", "+31612345678", kind=kind))
    await desk.ticket(call, caller=call.caller)
    for path in ("calls", f"calls/{call.id}", "tickets"):
        answer = await anna.get(f"/api/v1/{path}")
        assert answer.status_code == 200, path
        assert f'"kind":"{kind}"' in answer.text
