"""Tables of nodes, and of the phones that are registered at them."""

from sqlalchemy import Column, Integer, Table

from store.columns import WORD, UtcTime, metadata

nodes = Table(
    "nodes",
    metadata,
    Column("name", WORD, primary_key=True),
    Column("beats", Integer, nullable=False),  # grows each time that its Asterisk has answered one of its controllers
    Column("at", UtcTime, nullable=False),  # of the last one
)

phone_registrations = Table(
    "phone_registrations",
    metadata,
    Column("phone", WORD, primary_key=True),
    Column("node", WORD, primary_key=True),
)
