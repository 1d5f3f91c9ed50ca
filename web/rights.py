"""Which capability a route needs: each states it once, where it is declared, or that it is open to everybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from routing.capabilities import Capability
from web.auth import VisitorDep
from web.errors import NotAllowed


@dataclass(frozen=True)
class Needs:
    """A dependency that lets in who has the capability."""

    capability: Capability

    async def __call__(self, who: VisitorDep) -> None:
        """Raises: NotLoggedIn, ForgeryRefused, NotAllowed."""
        if not who.may(self.capability):
            raise NotAllowed(self.capability)


def needs(capability: Capability) -> Any:
    """For the `dependencies` of a router or a route; those of both are needed."""
    return Depends(Needs(capability))


async def open_to_all() -> None:
    """States that a route asks nobody who they are, or has another way to know (a password, a token of its own)."""


OPEN = Depends(open_to_all)


def capabilities_of(route: APIRoute) -> frozenset[Capability]:
    """All that a route needs."""
    return frozenset(call.capability for call in _calls(route.dependant) if isinstance(call, Needs))


def is_open(route: APIRoute) -> bool:
    return open_to_all in _calls(route.dependant)


def describe_rights(router: APIRouter) -> None:
    """Write into the API's description what each route needs, as `x-capabilities`."""
    for route in router.routes:
        if isinstance(route, APIRoute) and (needed := capabilities_of(route)):
            route.openapi_extra = {**(route.openapi_extra or {}), "x-capabilities": sorted(needed)}


def _calls(dependant: Dependant) -> Iterator[object]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from _calls(dependency)
