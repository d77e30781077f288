"""The same request makes the same rows: in other processes, on other Pythons, in parts, with more fields."""

from __future__ import annotations

import io
import json
import os
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections, models
from django.test.utils import isolate_apps

from dbstate.seeding import Options, prepare
from tests.seeding.seeding import (
    Outcome,
    copy_of,
    differences,
    digests,
    dump,
    query,
    seed,
    seed_apart,
    seed_json,
    working_on,
)

DAY = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def dumped(seeded: str) -> dict[str, list[str]]:
    """The rows of the database that was seeded once, in this process."""
    return dump()


@pytest.fixture
def another(migrated: str, django_db_blocker: Any) -> Iterator[str]:
    """A migrated database for another process."""
    with django_db_blocker.unblock():
        connections["default"].close()
        with copy_of(migrated) as name:
            yield name


def dump_of(database: str, django_db_blocker: Any) -> dict[str, list[str]]:
    with django_db_blocker.unblock(), working_on(database):
        return dump()


def assert_filled(outcome: Outcome) -> None:
    assert outcome.code == 0, outcome.out + outcome.err


# -- processes and versions ---------------------------------------------------------------------------


def test_another_process_with_other_hashes(
    another: str, seeded_once: tuple[str, Outcome], media: Path, django_db_blocker: Any
) -> None:
    assert_filled(seed_apart(database=another, PYTHONHASHSEED="4711"))
    rows = dump_of(another, django_db_blocker)
    assert differences(dump_of(seeded_once[0], django_db_blocker), rows) == {}
    assert sum(map(len, rows.values())) > 900


DIGESTS = Path(__file__).with_name("digests.json")
RENEW = "DBSTATE_RENEW_DIGESTS"


@pytest.mark.usefixtures("seeded")
def test_every_python_django_and_postgresql_makes_the_rows_of_record() -> None:
    """The rows of the example project are those that were made when the file was written, wherever that was.

    A change that means to make other rows renews the file: run this test with DBSTATE_RENEW_DIGESTS=1.
    """
    found = digests()
    if os.environ.get(RENEW):
        DIGESTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    recorded = json.loads(DIGESTS.read_text(encoding="utf-8"))
    differing = [table for table in {**recorded, **found} if recorded.get(table) != found.get(table)]
    assert differing == [], f"where other rows are meant to be made, run it again with {RENEW}=1"
    assert len(found) > 100


# -- parts --------------------------------------------------------------------------------------------


def test_in_parts(seeded_once: tuple[str, Outcome], fresh: str, django_db_blocker: Any) -> None:
    assert_filled(seed("shop"))
    assert_filled(seed("zoo.Feeding", "zoo.Visit"))
    assert_filled(seed())
    rows = dump()
    with working_on(seeded_once[0]):
        whole = dump()
    assert differences(whole, rows) == {}


def test_a_number_of_rows_changes_none_of_the_first(fresh: str) -> None:
    assert_filled(seed("zoo.EveryField", "--rows", "5"))
    few = query("SELECT * FROM zoo_everyfield ORDER BY id")
    query("TRUNCATE zoo_everyfield RESTART IDENTITY CASCADE")
    assert_filled(seed("zoo.EveryField", "--rows", "40"))
    assert query("SELECT * FROM zoo_everyfield ORDER BY id LIMIT 5") == few


def test_the_line_that_replays_a_run_makes_the_same_rows(fresh: str) -> None:
    asked = ["zoo.Feeding", "shop.Plan", "--seed", "7", "--rows", "zoo.Keeper=12", "--rows", "6"]
    first = seed_json(
        *asked, "--profile", "boundary", "--locale", "ja_JP", "--locale", "ru_RU", now="2020-02-02"
    )
    rows = dump()
    query("TRUNCATE shop_plan, zoo_site, zoo_keeper, zoo_enclosure, zoo_feeding RESTART IDENTITY CASCADE")
    _, script, command, *arguments = shlex.split(first.result["replay"])
    assert (script, command) == ("manage.py", "dbstate_seed")
    call_command(command, *arguments, stdout=io.StringIO())
    assert differences(rows, dump()) == {}
    assert len(rows["zoo_keeper"]) == 12


# -- other fields and constraints ---------------------------------------------------------------------


def rows_of(model: Any, apps: Any) -> list[dict[str, Any]]:
    """Rows that seeding makes for a model of a project of its own; its table is dropped again."""
    connection = connections["default"]
    with connection.schema_editor() as editor:
        editor.create_model(model)
    try:
        options = Options(now=DAY, rows=25)
        report = prepare(apps, using="default", options=options).run()
        assert report.failed == []
        return list(model._base_manager.order_by("pk").values())
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(model)


def person(**more: Any) -> Any:
    """A model with some fields and these; ``constraints`` go to its Meta."""
    meta = type("Meta", (), {"app_label": "tests", "constraints": more.pop("constraints", [])})
    fields = {
        "first_name": models.CharField(max_length=40),
        "email": models.EmailField(unique=True),
        "born": models.DateField(),
        "height": models.PositiveSmallIntegerField(),
        "notes": models.TextField(blank=True),
        "price": models.DecimalField(max_digits=8, decimal_places=2),
    }
    return type("Person", (models.Model,), {**fields, **more, "Meta": meta, "__module__": __name__})


def without(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


def test_a_new_field_changes_no_other(fresh: str) -> None:
    with isolate_apps("tests") as apps:
        plain = rows_of(person(), apps)
    with isolate_apps("tests") as apps:
        more = rows_of(person(city=models.CharField(max_length=60), aa_first=models.IntegerField()), apps)
    assert len(plain) == 25
    assert without(more, "city", "aa_first") == plain


def test_a_new_constraint_changes_its_own_group_alone(fresh: str) -> None:
    tall = models.CheckConstraint(condition=models.Q(height__gte=120, height__lte=130), name="tall_enough")
    with isolate_apps("tests") as apps:
        plain = rows_of(person(), apps)
    with isolate_apps("tests") as apps:
        more = rows_of(person(constraints=[tall]), apps)
    assert without(more, "height") == without(plain, "height")
    assert {row["height"] for row in more} <= set(range(120, 131))
    assert {row["height"] for row in plain} - set(range(120, 131))
