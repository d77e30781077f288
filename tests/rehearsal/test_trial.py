"""Migrations in tests: before, apply, reverse, on a database of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from dbstate.rehearsal.trial import CannotTry, Trial, every_migration

Migration = Callable[[str, str], Trial]


def test_the_models_are_those_of_the_moment(migration: Migration) -> None:
    trial = migration("shop", "0001")
    with pytest.raises(LookupError):
        trial.model("Plan")
    trial.apply()
    (plan,) = trial.make("Plan")
    assert trial.model("shop.Plan").objects.get() == plan
    trial.reverse()
    with pytest.raises(LookupError):
        trial.model("Plan")
    assert "shop_plan" not in connection.introspection.table_names()


def test_the_alias_leads_back_afterwards(migration: Migration, request: pytest.FixtureRequest) -> None:
    name = connection.settings_dict["NAME"]
    trial = migration("shop", "0001")
    assert trial.connection.settings_dict["NAME"].startswith("dbstate_copy_")
    assert connection.settings_dict["NAME"] == trial.connection.settings_dict["NAME"]
    request.addfinalizer(lambda: None)
    assert name != connection.settings_dict["NAME"]


@pytest.mark.parametrize("key", every_migration("shop", "zoo", "auth", "contenttypes"), ids=".".join)
def test_every_migration_comes_back(migration: Migration, key: tuple[str, str]) -> None:
    trial = migration(*key)
    if not all(operation.reversible for operation in _operations(trial)):
        pytest.skip("it has no reverse")
    assert not trial.round_trip()


def _operations(trial: Trial) -> list[object]:
    from django.db.migrations.loader import MigrationLoader

    return list(MigrationLoader(None).graph.nodes[trial.key].operations)


def test_an_unknown_one_is_refused(migration: Migration) -> None:
    with pytest.raises(CannotTry, match="there is no such migration"):
        migration("shop", "9999")


def test_inside_a_transaction_it_is_refused(db: None, migration: Migration) -> None:
    with pytest.raises(CannotTry, match="leave out the fixture db"):
        migration("shop", "0001")
