"""Which backend serves a connection."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.utils.module_loading import import_string

from dbstate.backends import BACKENDS, Connection, Unsupported, Verdict, backend_for
from dbstate.backends.protocol import REASONS


def connection(vendor: str, driver: object = None) -> Connection:
    """As much of a connection as is looked at before anything is asked."""
    return cast(
        Connection,
        SimpleNamespace(
            vendor=vendor, alias="main", connection=driver, ensure_connection=lambda: None, settings_dict={}
        ),
    )


@pytest.mark.parametrize("vendor", sorted(BACKENDS))
def test_each_vendor_has_its_backend(vendor: str) -> None:
    assert backend_for(connection(vendor)).vendor == vendor
    assert import_string(BACKENDS[vendor]).vendor == vendor


@pytest.mark.parametrize("vendor", ["mysql", "oracle", "microsoft", "cockroachdb"])
def test_other_vendors_are_refused_by_name(vendor: str) -> None:
    with pytest.raises(
        Unsupported, match=rf"'main': its vendor is {vendor}; .*postgresql \(14 and later\) and sqlite"
    ):
        backend_for(connection(vendor))


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "dbstate.backends.postgresql", raising=False)
    with pytest.raises(Unsupported, match=r'"postgres" extra'):
        backend_for(connection("postgresql"))


def test_psycopg2_is_refused() -> None:
    def load(backend: Any) -> None:
        backend.load(connection("postgresql", object()), SimpleNamespace(name="t"), ["a"], [])

    with pytest.raises(Unsupported, match=r'not on psycopg 3; install the "postgres" extra'):
        load(backend_for(connection("postgresql")))


def test_every_sqlstate_has_five_characters_and_a_reason() -> None:
    assert all(len(state) == 5 for state in REASONS)
    assert Verdict("23505").reason == "unique"
    assert Verdict("XX000").reason == "other"
