"""Print how long judging, counting and loading take: ``python -m tests.backends.benchmark``.

Works in the database of DJANGO_SETTINGS_MODULE, in one transaction that is rolled back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import django
from django.db import connection, transaction

from dbstate.backends import backend_for
from dbstate.catalog.tables import Column, Table

COLUMNS = ("id", "name", "starts", "ends", "price")
THING = Table(
    "dbstate_benchmark",
    "benchmark",
    tuple(
        Column(name, name, "integer" if name == "id" else "text", "", auto=name == "id") for name in COLUMNS
    ),
    ("id",),
)
DEFINITION = (
    "CREATE TABLE {name} (id integer PRIMARY KEY, name varchar(40) NOT NULL UNIQUE, starts date, ends date, "
    "price decimal(9, 2) CHECK (price >= 0), CHECK (starts < ends))"
)


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = perf_counter()
    yield
    print(f"{what:<48} {1000 * (perf_counter() - began):9.1f} ms")


def rows(count: int) -> list[list[object]]:
    return [[n, f"name {n // 2 * 2}", "2020-01-02", f"2020-01-0{1 + n % 5}", n - 50] for n in range(count)]


def main() -> None:
    backend = backend_for(connection)
    with connection.cursor() as cursor:
        cursor.execute(DEFINITION.format(name=THING.name))
        for n in range(1_000):
            cursor.execute(DEFINITION.format(name=f"dbstate_benchmark_{n}"))
    tables = [Table(f"dbstate_benchmark_{n}", "", THING.columns, ("id",)) for n in range(1_000)]
    with timed("counting 1,000 tables"):
        backend.occupancy(connection, tables, at_most=1_000)
    with timed("next keys of 1,000 tables"):
        backend.next_keys(connection, tables)
    with timed("100 judges made and dropped"):
        for one in tables[:100]:
            with backend.judge(connection, one) as judge:
                judge.try_rows(COLUMNS, rows(1))
    with backend.judge(connection, THING) as judge:
        judge.try_rows(COLUMNS, rows(1))
        for keep in (False, True):
            with timed(f"1,000 candidates, keep={keep}"):
                verdicts = judge.try_rows(COLUMNS, rows(1_000), keep=keep)
            print(f"  accepted: {verdicts.count(None)}")
    good = [[n, f"name {n}", "2020-01-02", "2020-01-05", n] for n in range(100_000)]
    with timed("loading 100,000 rows"):
        backend.load(connection, THING, COLUMNS, good)
    with timed("changing 20,000 rows"):
        backend.update(connection, THING, ["id"], ["price"], [[n, 5] for n in range(20_000)])


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
    django.setup()
    with transaction.atomic():
        main()
        transaction.set_rollback(True)
