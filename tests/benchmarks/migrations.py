"""Print what validating a migration costs, as ratios: ``python -m tests.benchmarks.migrations [megabytes]``.

A database of about so many megabytes (1,000 unless said otherwise) on the server of the settings, nearly all
of it one table, and a migration that sets a column NOT NULL, narrows two types and adds a CHECK and a unique.

- ``--phase pre`` against a FILE_COPY of the database; what it costs on an empty table is taken off.
- how often it reads the table, and how often keeping and comparing the rows does, by the server's counters.
- a copy by TEMPLATE against ``pg_dump | psql``.
- the rehearsal from end to end, with the greatest memory of this process and of its children.

Only ratios last from machine to machine. It needs about four times the room of the database.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter, sleep
from typing import Any

import django

ALIAS = "benchmark"
APP, MIGRATION = "warehouse", "0002"
TABLE = "warehouse_parcel"
ROWS_A_MEGABYTE = 2_400

FILL = f"""
    INSERT INTO {TABLE} (code, sender, weight, size, label)
    SELECT 'P' || n, 'sender ' || n %% 1000, n %% 30000, n %% 400, repeat(md5(n::text), 9)
    FROM generate_series(%s::int, %s::int) AS n
"""
BLOCK = 100_000

Line = tuple[str, ...]


def main() -> None:
    """Print one table."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.warehouse.settings"
    django.setup()
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with _database() as connection:
        for line in _measured(connection, megabytes):
            print(f"{line[0].ljust(58)}  {line[1].rjust(16)}  {line[2]}", flush=True)


def _measured(connection: Any, megabytes: int) -> Iterator[Line]:
    _validate(connection, "pre")  # what is imported is imported
    idle = _timed(lambda: _validate(connection, "pre"))
    rows = megabytes * ROWS_A_MEGABYTE
    _fill(connection, rows)
    yield f"{_size(connection) >> 20:,} MB, {rows:,} rows", "", ""

    before = _reads(connection)
    pre = max(_timed(lambda: _validate(connection, "pre")) - idle, 0.0)
    reads = _reads(connection) - before
    copying = _timed(lambda: _file_copy(connection))
    counting = _timed(lambda: _value(connection, f"SELECT count(*) FROM {TABLE}"))
    yield "FILE_COPY of the database", f"{copying:.2f} s", ""
    yield "a bare count(*) of the table", f"{counting:.2f} s", f"{counting / copying:.2f} x FILE_COPY"
    yield "--phase pre", f"{pre:.2f} s", f"{pre / copying:.2f} x FILE_COPY (wanted: at most 0.10)"
    yield "", "", f"{pre / counting:.1f} x the count"
    yield "  how often it reads the table", f"{reads:.2f}", "(wanted: 1)"

    template, dump = _copy(connection, dump=False), _copy(connection, dump=True)
    yield "copy by pg_dump | psql", f"{dump:.2f} s", ""
    yield "copy by TEMPLATE", f"{template:.2f} s", f"{template / dump:.2f} x the dump (wanted: at most 0.33)"

    keeping, comparing, reads = _comparison(connection)
    yield "keeping all rows", f"{keeping:.2f} s", ""
    yield "comparing them, one column changed", f"{comparing:.2f} s", f"{comparing / template:.2f} x TEMPLATE"
    yield "  how often comparing reads the table that moved", f"{reads:.2f}", "(wanted: at most 2)"

    whole = _timed(lambda: _validate(connection, "all"))
    yield "the whole validation", f"{whole:.2f} s", f"{rows / whole:,.0f} rows/s"
    for name, who in (("this process", resource.RUSAGE_SELF), ("its children", resource.RUSAGE_CHILDREN)):
        yield f"  greatest memory of {name}", f"{resource.getrusage(who).ru_maxrss >> 10:,} MB", ""


# the database -------------------------------------------------------------------------------------------


@contextmanager
def _database() -> Iterator[Any]:
    """A database of its own under ALIAS, with the first migration applied and no row."""
    from django.core.management import call_command
    from django.db import connections

    from tests.scratch import scratch_database

    with scratch_database() as entry:
        connections.databases[ALIAS] = {**connections["default"].settings_dict, **entry}
        connections.configure_settings(connections.databases)
        try:
            call_command("migrate", APP, "0001", database=ALIAS, verbosity=0)
            yield connections[ALIAS]
        finally:
            connections[ALIAS].close()


def _fill(connection: Any, rows: int) -> None:
    with connection.cursor() as cursor:
        for first in range(1, rows + 1, BLOCK):
            cursor.execute(FILL, [first, min(first + BLOCK - 1, rows)])
        cursor.execute(f"VACUUM ANALYZE {TABLE}")
        cursor.execute("CHECKPOINT")


def _size(connection: Any) -> int:
    return int(_value(connection, "SELECT pg_database_size(current_database())"))


def _reads(connection: Any) -> float:
    """How often the table's pages were read, once every other session's counters have arrived.

    Not the number of scans: of one scan that is shared out to workers, each of them is counted there.
    """
    connection.close()
    sleep(1.5)
    reads = _value(
        connection,
        "SELECT (heap_blks_read + heap_blks_hit)::float8 "
        f"/ (pg_relation_size(relid) / current_setting('block_size')::int) "
        f"FROM pg_statio_all_tables WHERE relid = '{TABLE}'::regclass",
    )
    connection.close()
    return float(reads)


def _value(connection: Any, sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


# what is measured ---------------------------------------------------------------------------------------


def _timed(act: Callable[[], object]) -> float:
    """Seconds that it takes."""
    started = perf_counter()
    act()
    return perf_counter() - started


def _validate(connection: Any, phase: Any) -> None:
    from dbstate.rehearsal.route import Asked as MigrationAsked
    from dbstate.rehearsal.route import find_route
    from dbstate.rehearsal.validate import Wish, validate

    route = find_route(connection, MigrationAsked(APP, MIGRATION))
    validation = validate(connection, route, Wish(phase=phase, timeout=3_600))
    if validation.judgement.undecided or validation.verdict != "safe":
        raise SystemExit(f"the migration is {validation.verdict}: {validation.judgement}")


def _file_copy(connection: Any) -> None:
    """As CREATE DATABASE does it by copying files, which is what a copy costs at the least."""
    from tests.scratch import run_on_server

    name = connection.settings_dict["NAME"]
    strategy = "" if _value(connection, "SHOW server_version_num") < "150000" else " STRATEGY file_copy"
    connection.close()
    try:
        run_on_server(f'CREATE DATABASE "{name}_copy" TEMPLATE "{name}"{strategy}')
    finally:
        run_on_server(f'DROP DATABASE IF EXISTS "{name}_copy"')


def _copy(connection: Any, *, dump: bool) -> float:
    """Seconds that the copy itself took."""
    from dbstate.backends.postgresql_copies import copy_of
    from dbstate.embedded.binaries import find_binaries

    programs = (find_binaries().program("pg_dump").parent,)
    with copy_of(connection, programs=programs, dump=dump) as copied:
        return copied.seconds


def _comparison(connection: Any) -> tuple[float, float, float]:
    """Seconds of keeping and of comparing, and how often comparing read the table, on a copy."""
    from dbstate.backends.postgresql_copies import copy_of, opened
    from dbstate.snapshots import compare, take

    with copy_of(connection) as copied, opened(connection, copied.entry) as copy:
        started = perf_counter()
        snapshot = take(copy, "start")
        keeping = perf_counter() - started
        with copy.cursor() as cursor:
            cursor.execute(f"UPDATE {TABLE} SET weight = weight + 1 WHERE id % 10 = 0")
        before = _reads(copy)
        started = perf_counter()
        compare(copy, snapshot, pairing="identity", samples=5)
        comparing = perf_counter() - started
        return keeping, comparing, _reads(copy) - before


if __name__ == "__main__":
    main()
