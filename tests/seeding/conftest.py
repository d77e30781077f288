"""Databases for the tests of seeding: the migrated one, and one that was seeded once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import override_settings

from dbstate.guard import mark
from tests.seeding.seeding import Outcome, copy_of, need_postgresql, seed_json, working_on

RESTART = """
DO $$
DECLARE one record; last bigint;
BEGIN
    FOR one IN
        SELECT s.oid::regclass AS sequence, d.refobjid::regclass AS of, a.attname AS field
        FROM pg_class s
        JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE s.relkind = 'S'
    LOOP
        EXECUTE format('SELECT max(%I) FROM %s', one.field, one.of) INTO last;
        PERFORM setval(one.sequence, coalesce(last, 1), last IS NOT NULL);
    END LOOP;
END $$
"""


@pytest.fixture(scope="session", autouse=True)
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Sample files go here."""
    folder = tmp_path_factory.mktemp("media")
    with override_settings(MEDIA_ROOT=folder):
        yield folder


@pytest.fixture(scope="session")
def db(django_db_setup: None) -> None:
    """Takes the place of pytest-django's: the test database is made, but each fixture here has its own
    transaction. By this name pytest-django knows that the database is needed at all."""


@pytest.fixture(scope="session")
def migrated(db: None, django_db_blocker: Any) -> Iterator[str]:
    """The name of a migrated database that nobody works on: its sequences stand still, too.

    Tests of other files may have used numbers up, which no rollback gives back.
    """
    need_postgresql()
    with django_db_blocker.unblock():
        connections["default"].close()
        with copy_of(str(connections["default"].settings_dict["NAME"])) as name:
            with working_on(name), connections["default"].cursor() as cursor:
                cursor.execute(RESTART)
            yield name


@pytest.fixture(scope="session")
def seeded_once(migrated: str, media: Path, django_db_blocker: Any) -> Iterator[tuple[str, Outcome]]:
    """A database that dbstate_seed filled as it does by itself, and what the run said."""
    with django_db_blocker.unblock():
        connections["default"].close()
        with copy_of(migrated) as name:
            with working_on(name):
                mark(connections["default"])
                outcome = seed_json()
            yield name, outcome


@pytest.fixture
def first_run(seeded_once: tuple[str, Outcome]) -> Outcome:
    """What the run that filled the database said."""
    return seeded_once[1]


@pytest.fixture
def seeded(seeded_once: tuple[str, Outcome], django_db_blocker: Any) -> Iterator[str]:
    """The default connection leads to the seeded database; what a test does there is undone."""
    with django_db_blocker.unblock(), working_on(seeded_once[0]), transaction.atomic():
        yield seeded_once[0]
        transaction.set_rollback(True)


@pytest.fixture(scope="session")
def scribbled(migrated: str, django_db_blocker: Any) -> Iterator[str]:
    """A migrated database whose sequences may have gone on: what is rolled back does not put them back."""
    with django_db_blocker.unblock():
        connections["default"].close()
        with copy_of(migrated) as name:
            with working_on(name):
                mark(connections["default"])
            yield name


@pytest.fixture
def empty(scribbled: str, django_db_blocker: Any) -> Iterator[str]:
    """The default connection leads to a migrated database; what a test does there is undone."""
    with django_db_blocker.unblock(), working_on(scribbled), transaction.atomic():
        yield scribbled
        transaction.set_rollback(True)


@pytest.fixture
def fresh(migrated: str, django_db_blocker: Any) -> Iterator[str]:
    """A migrated database of the test's own, to which the default connection leads."""
    with django_db_blocker.unblock():
        connections["default"].close()
        with copy_of(migrated) as name, working_on(name):
            mark(connections["default"])
            yield name
