"""Print what planning and seeding cost, as ratios: ``python -m tests.benchmarks.seeding [rows] [rounds]``.

Planning, in CPU time: models and plan of 250, 500, 1,000 and 2,000 made-up models; twice the models should
take about twice the time. Seeding: so many products, against a COPY of the same rows and ``bulk_create``
of the same instances, in a database of its own on the server of the settings. The ways take turns, and the
best time of each counts; only ratios last from machine to machine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from time import perf_counter, process_time
from typing import Any

import django

NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)
ALIAS = "benchmark"
RAW = "raw COPY of the same rows"
SIZES = (250, 500, 1000, 2000)


def best(ways: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The least seconds of each way, which take turns; a way times itself."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(way())
    return {name: min(seconds) for name, seconds in found.items()}


def timed(act: Callable[[], object], clock: Callable[[], float] = perf_counter) -> float:
    """Seconds that it takes."""
    started = clock()
    act()
    return clock() - started


# planning --------------------------------------------------------------------------------------------


def planning(rounds: int) -> Iterator[tuple[str, ...]]:
    """Rows of the table of planning times."""
    from dbstate.introspection import read_catalog
    from dbstate.seeding import Options
    from dbstate.seeding.plan import plan
    from tests.benchmarks.synthetic import synthetic_apps

    registries = {size: synthetic_apps(size) for size in SIZES}
    catalogs = {size: read_catalog(registries[size]) for size in SIZES}

    def reading(size: int) -> Callable[[], float]:
        return lambda: timed(lambda: read_catalog(registries[size]), process_time)

    def planned(size: int) -> Callable[[], float]:
        occupancy = dict.fromkeys(catalogs[size].tables, 0)
        return lambda: timed(lambda: plan(catalogs[size], occupancy, Options(now=NOW)), process_time)

    read = best({str(size): reading(size) for size in SIZES}, rounds)
    made = best({str(size): planned(size) for size in SIZES}, rounds)
    before = None
    for size in map(str, SIZES):
        both = read[size] + made[size]
        ratio = f"{both / before:.2f} x" if before else ""
        yield f"{int(size):,}", f"{read[size]:.2f} s", f"{made[size]:.2f} s", ratio
        before = both


# seeding ---------------------------------------------------------------------------------------------


def seeding(rows: int, rounds: int) -> Iterator[tuple[str, ...]]:
    """Rows of the table of loading times."""
    from django.apps import apps

    from dbstate.seeding import Options, prepare

    product = apps.get_model("shop.Product")
    options = Options(
        now=NOW,
        labels=("shop.product",),
        named=("shop.product",),
        rows_by_label={"shop.product": rows},
        profile="realistic",
    )

    def seed() -> float:
        empty(product)
        return timed(lambda: prepare(apps, using=ALIAS, options=options).run())

    with database():
        seed()
        text, columns = _as_text(product)
        instances = list(product._base_manager.using(ALIAS).order_by("pk"))

        def copy() -> float:
            empty(product)
            return timed(lambda: _copy(product, columns, text))

        def create() -> float:
            empty(product)
            return timed(lambda: product._base_manager.using(ALIAS).bulk_create(instances, batch_size=2_000))

        ways = {RAW: copy, "dbstate_seed": seed, "bulk_create, ready instances": create}
        seconds = best(ways, rounds)
    least = seconds[RAW]
    for name, taken in seconds.items():
        yield name, f"{taken:.2f} s", f"{rows / taken:,.0f}", f"{taken / least:.1f} x"


@contextmanager
def database() -> Iterator[None]:
    """A migrated database of its own, under ALIAS."""
    from django.core.management import call_command
    from django.db import connections

    from tests.scratch import scratch_database

    with scratch_database() as entry:
        connections.databases[ALIAS] = {**connections["default"].settings_dict, **entry}
        connections.configure_settings(connections.databases)
        try:
            call_command("migrate", database=ALIAS, verbosity=0)
            yield
        finally:
            connections[ALIAS].close()


def empty(model: Any) -> None:
    from django.db import connections

    with connections[ALIAS].cursor() as cursor:
        cursor.execute(f'TRUNCATE "{model._meta.db_table}" RESTART IDENTITY CASCADE')


def _as_text(model: Any) -> tuple[str, str]:
    """The table's rows as COPY writes them, and its columns."""
    from django.db import connections

    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    parts: list[bytes] = []
    with (
        connections[ALIAS].cursor() as cursor,
        cursor.copy(f'COPY "{model._meta.db_table}" ({columns}) TO STDOUT') as stream,
    ):
        parts += [bytes(part) for part in stream]
    return b"".join(parts).decode(), columns


def _copy(model: Any, columns: str, text: str) -> None:
    from django.db import connections

    with (
        connections[ALIAS].cursor() as cursor,
        cursor.copy(f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN') as stream,
    ):
        stream.write(text)


# printing --------------------------------------------------------------------------------------------


def show(head: tuple[str, ...], lines: Iterator[tuple[str, ...]]) -> None:
    """Print a table: names to the left, numbers to the right."""
    table = [head, *lines]
    widths = [max(len(line[at]) for line in table) for at in range(len(head))]
    for line in table:
        first, *rest = line
        numbers = "  ".join(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        print(f"{first.ljust(widths[0])}  {numbers}")
    print()


def main() -> None:
    """Print both tables."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
    django.setup()
    given = [int(number) for number in sys.argv[1:]]
    rows, rounds = (*given, *(20_000, 3)[len(given) :])
    show(("models", "read", "plan", "for twice the models"), planning(rounds))
    show((f"{rows:,} products", "best", "rows/s", "of COPY"), seeding(rows, rounds))


if __name__ == "__main__":
    main()
