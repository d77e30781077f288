"""Whether rows fit on the disk."""

from __future__ import annotations

import os

import pytest
from django.apps import apps
from django.db import connections

from dbstate.backends.disk import free_bytes_of_file, free_bytes_of_server
from dbstate.introspection import read_catalog
from dbstate.seeding import TooLittleSpace, TooManyLocks, Unit
from dbstate.seeding.space import check_locks, check_space, least_bytes
from tests.seeding.seeding import query, seed, value

CATALOG = read_catalog(apps)
PLAN = CATALOG.by_label["shop.plan"]


def unit(rows: int) -> Unit:
    return Unit(PLAN.name, PLAN.label, (PLAN.name,), rows, 0, {})


def test_what_fits_and_what_nobody_knows_is_no_error() -> None:
    check_space(CATALOG, [unit(1000)], 1_000_000)
    check_space(CATALOG, [unit(10**15)], None)


def test_what_cannot_fit_is_refused_with_both_sizes() -> None:
    with pytest.raises(TooLittleSpace, match=r"cannot make 1,000,000 rows: they take .* MB") as raised:
        check_space(CATALOG, [unit(400_000), unit(600_000)], 5_000_000)
    assert raised.value.needed == 1_000_000 * least_bytes(PLAN)
    assert raised.value.free == 5_000_000


def test_a_transaction_over_more_tables_than_there_are_locks_is_refused() -> None:
    needed = 1 + len(PLAN.uniques) + sum(column.indexed for column in PLAN.columns)
    check_locks(CATALOG, [unit(3)], needed)
    check_locks(CATALOG, [unit(3)], None)
    check_locks(CATALOG, [unit(0)], 1)
    with pytest.raises(TooManyLocks, match=r"cannot fill 1 tables .* raise max_locks_per_transaction"):
        check_locks(CATALOG, [unit(3)], needed - 1)


@pytest.mark.usefixtures("empty")
@pytest.mark.slow
def test_no_table_takes_less_than_the_estimate() -> None:
    assert seed("shop", "--rows", "300").code == 0
    for label in ("shop.plan", "shop.orderline", "shop.user", "shop.user_groups"):
        table = CATALOG.by_label[label]
        size, rows = query(f"SELECT pg_total_relation_size('{table.name}'), count(*) FROM {table.name}")[0]
        assert rows * least_bytes(table) <= size


@pytest.mark.usefixtures("empty")
def test_the_disk_of_a_server_on_this_machine() -> None:
    free = free_bytes_of_server(connections["default"])
    if not os.path.isdir(value("SELECT current_setting('data_directory')")):
        assert free is None
    else:
        assert free
        assert free > 1_000_000


@pytest.mark.usefixtures("empty")
def test_a_user_who_may_not_ask() -> None:
    role = f"dbstate_scratch_{os.getpid()}_space"
    query(f"CREATE ROLE {role}")
    query(f"SET LOCAL ROLE {role}")
    assert free_bytes_of_server(connections["default"]) is None
    assert value("SELECT 1") == 1


def test_the_disk_of_a_file(tmp_path) -> None:
    file = tmp_path / "db.sqlite3"
    assert free_bytes_of_file(str(file)) is None
    file.touch()
    assert free_bytes_of_file(str(file)) > 0
    assert free_bytes_of_file(":memory:") is None
