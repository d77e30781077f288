"""Django's PostgreSQL backend on the embedded server, which the first connection starts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql import base
from django.db.backends.postgresql.client import DatabaseClient as PostgresClient

from dbstate.embedded.binaries import find_binaries
from dbstate.embedded.places import Place, place_of
from dbstate.embedded.server import ensure_running


class DatabaseClient(PostgresClient):
    """``dbshell`` with the ``psql`` that came with the server."""

    def runshell(self, parameters: Iterable[str]) -> None:
        """Method of Django's ``BaseDatabaseClient``."""
        _start(self.connection)
        super().runshell(parameters)

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """Method of Django's ``BaseDatabaseClient``."""
        arguments, environment = super().settings_to_cmd_args_env(settings_dict, list(parameters))
        return [str(find_binaries().program("psql")), *arguments[1:]], environment


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the server of ``settings_dict["DBSTATE_PROJECT"]``."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        """Method of Django's ``BaseDatabaseWrapper``, called for every new connection."""
        place = _start(self)
        return super().get_connection_params() | {"host": str(place.socket_folder)}


def _start(connection: BaseDatabaseWrapper) -> Place:
    settings = connection.settings_dict
    place = place_of(settings["DBSTATE_PROJECT"])
    # The project's own database is made when missing; a test database is Django's to make.
    own = settings["NAME"] == settings["DBSTATE_DATABASE"]
    ensure_running(place, database=settings["NAME"] if own else None)
    return place
