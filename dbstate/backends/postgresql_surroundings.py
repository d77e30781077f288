"""What a copy must have besides the rows, and what it must not have: its settings, ways to the outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbstate.backends.naming import in_query, quoted
from dbstate.backends.postgresql_reaching import Entry, opened
from dbstate.backends.protocol import Connection


def copy_settings(keeper: Connection, source: str, copy: str) -> None:
    """What ALTER DATABASE … SET and ALTER ROLE … IN DATABASE … SET say: no way of copying takes it along."""
    with keeper.cursor() as cursor:
        cursor.execute(
            """SELECT CASE WHEN setrole = 0 THEN '' ELSE quote_ident(pg_get_userbyid(setrole)) END, setting
               FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase,
                   unnest(setconfig) AS setting WHERE datname = %s""",
            [source],
        )
        for role, setting in cursor.fetchall():
            name, _, value = setting.partition("=")
            # A list is kept as it is written in SQL, anything else as it is.
            written = value if name in _LISTS and value else "'" + value.replace("'", "''") + "'"
            whose = f"ROLE {role} IN DATABASE {quoted(copy)}" if role else f"DATABASE {quoted(copy)}"
            cursor.execute(in_query(f"ALTER {whose} SET {name} TO {written}"), [])


_LISTS = ("search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries")


def neutralise(like: Connection, entry: Entry) -> tuple[str, ...]:
    """Cut off in a copy what reaches outside; what that was, one sentence each."""
    with opened(like, entry) as copy, copy.cursor() as cursor:
        return (*_without_subscriptions(cursor), *_without_servers(cursor))


def _without_subscriptions(cursor: Any) -> Iterator[str]:
    cursor.execute(
        """SELECT quote_ident(subname), subname FROM pg_subscription
           WHERE subenabled AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    )
    for name, shown in cursor.fetchall():
        cursor.execute(f"ALTER SUBSCRIPTION {name} DISABLE")
        yield f"subscription {shown} was disabled in it"


def _without_servers(cursor: Any) -> Iterator[str]:
    """Foreign servers lose the users that may log in there: what is read or written through them fails."""
    cursor.execute(
        """SELECT quote_ident(srvname), srvname,
                  CASE WHEN umuser = 0 THEN 'PUBLIC' ELSE quote_ident(usename) END
           FROM pg_user_mappings ORDER BY 2, 3"""
    )
    for server, shown, user in cursor.fetchall():
        cursor.execute(f"DROP USER MAPPING FOR {user} SERVER {server}")
        yield f"foreign server {shown} was cut off in it"
