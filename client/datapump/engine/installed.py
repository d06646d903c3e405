"""Whether the installed engine is the one that this release was written for, and what of it no documentation names."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import sqlalchemy as sa

from partnerlab.client.datapump.engine.listening import Looks

__all__ = ["EngineChanged", "check_tables", "engines_look"]

TABLES = {"workflow_status", "workflow_input", "workflow_output", "operation_outputs", "queues", "application_versions"}
TABLES |= {"dbos_migrations"}
COLUMNS = {"workflow_uuid", "name", "status", "executor_id", "owner_xid", "application_version"}
COLUMNS |= {"queue_name", "queue_partition_key", "completed_at"}


class EngineChanged(RuntimeError):
    """The installed engine does not work as the pump needs it; nothing was delivered."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the engine (dbos {version('dbos')}) does not work as the data pump needs it: {what}; install the version"
            " that this release names, or restore the database"
        )


def check_tables(database: sa.Engine, schema: str | None) -> None:
    """The engine has the tables and columns that are looked into. Raises `EngineChanged`."""
    looked = sa.inspect(database)
    if lacks := TABLES.difference(looked.get_table_names(schema)):
        raise EngineChanged(f"the database lacks its table {', '.join(sorted(lacks))}")
    if missing := COLUMNS - {each["name"] for each in looked.get_columns("workflow_status", schema)}:
        raise EngineChanged(f"its table workflow_status has no {', '.join(sorted(missing))}")


def engines_look() -> Looks | None:
    """What looks at one queue of the engine until an event is set; None where the engine has no such function."""
    try:
        from dbos._queue import queue_worker_thread
    except ImportError:
        return None
    parameters = [*inspect.signature(queue_worker_thread).parameters]
    return queue_worker_thread if parameters == ["stop_event", "dbos", "queue"] else None
