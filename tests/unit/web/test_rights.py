"""Every route states what its visitor must be able to do; roles are sets of such capabilities."""

from typing import get_args

import httpx
import pytest
from fastapi.routing import APIRoute

from config.documents import AgentAccount
from routing.capabilities import ROLES, Capability
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Desk
from web import vitals
from web.app import API, PAGES
from web.rights import capabilities_of, is_open

OPEN = {
    ("GET", "/login"), ("POST", "/login"), ("POST", "/api/v1/sessions"), ("GET", "/healthz"), ("GET", "/readyz"),
    ("GET", "/metrics"), ("GET", "/wall/at/{token}"), ("GET", "/wall/at/{token}/stream"),
}  # fmt: skip


def routes() -> list[tuple[str, str, APIRoute]]:
    """Method, path and route of all that the application includes."""
    groups = [("", PAGES), ("", (vitals,)), ("/api/v1", API)]
    return [
        (method, prefix + route.path, route)
        for prefix, modules in groups
        for module in modules
        for route in module.router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]


def test_every_route_needs_a_capability_or_says_that_it_is_open() -> None:
    found = routes()
    assert len(found) > 40
    assert {(method, path) for method, path, route in found if is_open(route)} == OPEN
    for method, path, route in found:
        assert bool(capabilities_of(route)) is not is_open(route), (method, path)


def test_the_application_has_no_other_routes(desk: Desk) -> None:
    assert {path for path in (getattr(route, "path", None) for route in desk.app.routes) if path} == {
        "/static", "/api/openapi.json",
    }  # fmt: skip
    assert len(desk.app.routes) == 2 + len(PAGES) + len(("api", "vitals"))


def test_the_description_tells_the_capabilities(desk: Desk) -> None:
    described = desk.app.openapi()["paths"]
    for method, path, route in routes():
        if path in described:
            told = described[path][method.lower()].get("x-capabilities", [])
            assert set(told) == capabilities_of(route), (method, path)
    assert described["/api/v1/audit"]["get"]["x-capabilities"] == ["read_audit"]


@pytest.mark.parametrize("role", ROLES)
async def test_who_lacks_a_capability_is_refused_by_its_name(client: httpx.AsyncClient, role: str) -> None:
    login = {"agent": "anna", "supervisor": "chen", "admin": "admin"}[role]
    await log_in(client, login)
    refused: dict[str, frozenset[Capability]] = {}
    for method, pattern, route in routes():
        if is_open(route) or pattern.endswith("stream") or method == "DELETE" or pattern == "/logout":
            continue
        path = pattern.replace("{", "").replace("}", "")
        answer = await client.request(method, path, headers={"accept": "application/json"})
        lacking = capabilities_of(route) - ROLES[role]
        assert (answer.status_code == 403) is bool(lacking), (method, path, answer.text[:200])
        if lacking:
            assert answer.json()["error"]["code"] == "not_allowed"
            assert answer.json()["error"]["capability"] in lacking
            refused[path] = lacking
    assert bool(refused) is (role != "admin")


def test_every_role_of_the_site_is_in_the_table_and_every_capability_is_somebodys() -> None:
    assert set(get_args(AgentAccount.model_fields["role"].annotation)) == set(ROLES)
    assert frozenset[Capability]().union(*ROLES.values()) == set(Capability)
