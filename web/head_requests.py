"""HEAD as GET without its body (RFC 9110, 9.3.2), wherever a GET comes to an end."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequests:
    """Plain ASGI. Event streams have no end and take no HEAD."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].endswith("/stream"):
            return await self._app(scope, receive, send)

        async def send_without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, send_without_body)
