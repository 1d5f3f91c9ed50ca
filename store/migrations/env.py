"""Alembic's environment: it works on the connection, and in the transaction, that `store.migrate` opened."""

from alembic import context

from store import tables, tables_dispatch, tables_emergencies, tables_nodes
from store.columns import metadata

FILLED_BY = (tables, tables_dispatch, tables_emergencies, tables_nodes)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    compare_type=True,
)
context.run_migrations()
