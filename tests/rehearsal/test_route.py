"""Which migrations are meant."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.db import connection

from dbstate.rehearsal.route import Asked as MigrationAsked
from dbstate.rehearsal.route import RouteError, _changed_files, find_route, project_apps

pytestmark = pytest.mark.django_db


def test_a_number_alone_is_enough_where_one_application_has_it() -> None:
    route = find_route(connection, MigrationAsked("", "42", applied=True))
    assert route.names == ("shop.0042_order_currency",)
    first, after = route.states()
    assert "currency" not in first.models["shop", "order"].fields
    assert "currency" in after.models["shop", "order"].fields


@pytest.mark.parametrize("name", ["0042_order_currency", "0042_o", "shop.0042"])
def test_a_name_or_its_beginning_is_enough(name: str) -> None:
    assert find_route(connection, MigrationAsked("", name, applied=True)).targets == (
        ("shop", "0042_order_currency"),
    )


@pytest.mark.parametrize(
    ("label", "name", "said"),
    [
        ("", "0001", "shop.0001_initial, zoo.0001_initial"),
        ("", "0099", "no application of the project has such a migration"),
        ("shop", "0099", "application 'shop' has no such migration"),
        ("shpo", "0001", "did you mean 'shop'?"),
        ("staticfiles", "0001", "has no migrations"),
        ("shop", "0042", "already applied"),
    ],
)
def test_what_cannot_be_meant_is_refused(label: str, name: str, said: str) -> None:
    with pytest.raises(RouteError, match="cannot validate") as refused:
        find_route(connection, MigrationAsked(label, name))
    assert said in str(refused.value)


def test_what_builds_on_a_migration_goes_back_with_it() -> None:
    route = find_route(connection, MigrationAsked("shop", "0001", applied=True, with_later=True))
    assert ("shop", "0042_order_currency") in route.targets
    assert ("admin", "0001_initial") in route.targets
    assert route.targets[0] == ("shop", "0001_initial")
    assert "admin.0001_initial" in route.notes[0]


def test_nothing_unapplied_is_an_empty_route() -> None:
    assert find_route(connection, MigrationAsked(unapplied=True)).targets == ()


def test_applications_of_packages_are_not_the_projects_own() -> None:
    assert project_apps() >= {"shop", "zoo"}
    assert not project_apps() & {"auth", "dbstate"}


def test_files_since_a_revision_are_those_that_differ(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e@example.com", *arguments],
            check=True,
            capture_output=True,
        )

    git("init")
    (tmp_path / "0001.py").write_text("old")
    git("add", ".")
    git("commit", "-m", "first")
    (tmp_path / "0002.py").write_text("committed")
    git("add", ".")
    git("commit", "-m", "second")
    (tmp_path / "0003.py").write_text("untracked")
    changed = _changed_files(tmp_path, "HEAD~1")
    assert {path.name for path in changed} == {"0002.py", "0003.py"}
    with pytest.raises(RouteError, match="git says"):
        _changed_files(tmp_path, "nowhere")
