"""AGI, AudioSocket and AMI know no passwords worth the name: they stay on this machine."""

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
