"""The databases that dbstate can work on: one file per vendor behind one protocol."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from django.utils.module_loading import import_string

from dbstate.backends.protocol import (
    Backend,
    Connection,
    GaveUp,
    Judge,
    JudgeUnavailable,
    LoadRefused,
    NotPermitted,
    Reason,
    Row,
    Server,
    TableMissing,
    Unencodable,
    Unreachable,
    Unsupported,
    Verdict,
)

__all__ = [
    "BACKENDS",
    "Backend",
    "Connection",
    "GaveUp",
    "Judge",
    "JudgeUnavailable",
    "LoadRefused",
    "NotPermitted",
    "Reason",
    "Row",
    "Server",
    "TableMissing",
    "Unencodable",
    "Unreachable",
    "Unsupported",
    "Verdict",
    "backend_for",
]

BACKENDS: Mapping[str, str] = MappingProxyType(
    {
        "postgresql": "dbstate.backends.postgresql.PostgreSQL",
        "sqlite": "dbstate.backends.sqlite.SQLite",
    }
)
"""Class by ``connection.vendor``, as dotted names: a driver that is not installed is not imported."""


def backend_for(connection: Connection) -> Backend:
    """The backend of a connection; Unsupported for other vendors. Does not connect."""
    path = BACKENDS.get(connection.vendor)
    if path is None:
        raise Unsupported(
            f"cannot work on database '{connection.alias}': its vendor is {connection.vendor}; "
            "dbstate serves postgresql (14 and later) and sqlite"
        )
    try:
        return cast(Backend, import_string(path)())
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "psycopg":
            raise
        raise Unsupported(
            f"cannot work on database '{connection.alias}': psycopg 3 is not installed, and psycopg2 is not "
            'served; install the "postgres" extra: pip install "dbstate[postgres]"'
        ) from None
