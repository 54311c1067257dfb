"""Runs migrations on the connection that `schema.upgrade` holds, inside its transaction."""

from alembic import context

from penstock.store.catalog.sql.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
