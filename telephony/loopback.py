"""Servers on this machine only: AGI, AudioSocket and AMI know no passwords worth the name."""

import asyncio
import ipaddress


class NotLoopback(ValueError):
    """A port would be open to the network."""


def refuse_unless_loopback(host: str) -> None:
    """Raises: NotLoopback."""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local:
        raise NotLoopback(f"{host} is not a loopback address")


async def stop_listening(server: asyncio.Server) -> None:
    """Close the listening sockets; a connection accepted before still reaches its protocol's `connection_made`.

    asyncio makes the transport of an accepted connection one turn of the loop later, and fails if the server has
    closed by then: the connection would stay open with nobody at our end, and Asterisk would wait on it.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())  # accepts no more
    await asyncio.sleep(0)  # what was accepted gets its transport
    server.close()
