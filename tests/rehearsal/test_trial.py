"""Migrations in tests: before, apply, reverse, on a database of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from dbstate.factories import RowRefused
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


def test_factories_and_states_are_those_of_the_moment(migration: Migration) -> None:
    trial = migration("shop", "0042")
    order = trial.before.factory("Order").create(user__preferred_currency="JPY")
    assert type(order) is trial.model("Order")
    assert "currency" not in {field.name for field in order._meta.fields}
    user = trial.enter("user with an active pro subscription exists").row.user
    assert type(user) is trial.model("User")
    trial.apply()
    assert trial.model("Order").objects.get().currency == "JPY"
    paid = trial.enter("paid order exists", lines=1).rows["order"]
    assert (type(paid), trial.model("Order").objects.count()) == (trial.model("Order"), 2)
    assert len(paid.currency) == 3
    trial.reverse()
    assert trial.before.model("Order").objects.count() == 2


def test_code_of_before_cannot_write_what_is_required_since(migration: Migration) -> None:
    trial = migration("shop", "0042").apply()
    with pytest.raises(RowRefused, match="currency"):
        trial.before.factory("Order").create()


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
