"""What every page of the desk has around its content: a snapshot, and the place from which the stream goes on."""

import secrets
from typing import Any

from fastapi.responses import HTMLResponse
from markupsafe import Markup

from web.auth import Visitor
from web.context import DeskContext
from web.panels import Panels

DEFAULT_PAGE_ROWS = 50


async def framed(context: DeskContext, who: Visitor, template: str, floor: bool = False, **values: Any) -> HTMLResponse:
    """A whole page. The stream's place is read before the snapshot, so that nothing falls in between."""
    after = await context.news.position()
    panels = await Panels(context, who, context.board, floor=floor).all()
    html = context.rendering.page(
        template, who.language, who=who, now=context.now(), page=secrets.token_urlsafe(12), after=after,
        panels={panel.name: Markup(panel.html) for panel in panels}, **values,
    )  # fmt: skip
    return HTMLResponse(html)


def part(context: DeskContext, who: Visitor, template: str, **values: Any) -> HTMLResponse:
    """A part of a page, for htmx."""
    return HTMLResponse(context.rendering.page(template, who.language, who=who, now=context.now(), **values))
