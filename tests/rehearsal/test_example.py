"""The example's migration, right and wrong: mutations of 0042 and of its rows are all caught."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError

from tests.scratch import execute, opened, scratch_database

ROOT = Path(__file__).parents[2]
USERS = """
    INSERT INTO shop_user (id, password, is_superuser, username, first_name, last_name, is_staff, is_active,
                           date_joined, email, preferred_currency)
    SELECT n, '', false, 'u' || n, '', '', false, true, now(), 'u' || n || '@example.com',
           (ARRAY['EUR', 'USD', 'JPY'])[n]
    FROM generate_series(1, 3) AS n
"""
ORDERS = """
    INSERT INTO shop_order (user_id, status, total_cents, recipient_name, street, city, postal_code, country,
                            note, placed_at)
    SELECT n % 3 + 1, 'placed', 5, '', '', '', '', 'DE', '', now() FROM generate_series(1, 6) AS n
"""
MUTATIONS = (
    # name, text of the migration, what replaces it, SQL before, verdict
    ("right", "", "", "", "safe"),
    ("no_currency", "", "", "UPDATE shop_user SET preferred_currency = NULL WHERE id = 2", "fails_pre"),
    ("invalid_code", "", "", "UPDATE shop_user SET preferred_currency = 'XQX' WHERE id = 2", "fails_post"),
    (
        "backfill_deleted",
        "migrations.RunSQL(BACKFILL, reverse_sql=migrations.RunSQL.noop),",
        "",
        "",
        "fails_pre",
    ),
    ("join_swapped", "shop_order.user_id", "shop_order.user_id % 3 + 1", "", "fails_post"),
    ("where_dropped", "WHERE shop_user.id = shop_order.user_id", "", "", "fails_post"),
    ("default_masks", "shop_user.preferred_currency", "'EUR'", "", "fails_post"),
    ("reverse_emptied", '"ALTER TABLE shop_order DROP COLUMN currency"', '""', "", "rollback_mismatch"),
    ("reverse_missing", "BACKFILL, reverse_sql=migrations.RunSQL.noop", "BACKFILL", "", "irreversible"),
)


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The example project's shop in a folder of its own, and a database where 0042 is not applied."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(ROOT / "example_project", folder / "example_project")
    with django_db_blocker.unblock(), scratch_database() as entry:
        run(folder, entry, "migrate", "-v0", "shop", "0001")
        with opened(entry) as connection:
            execute(connection, USERS, ORDERS)
        yield folder, entry


def run(folder: Path, entry: dict[str, Any], *arguments: str) -> subprocess.CompletedProcess[str]:
    host = entry["HOST"] if not entry["HOST"].startswith("/") else ""
    more = f"?host={entry['HOST']}" if not host else ""
    url = f"postgres://{entry['USER']}:{entry['PASSWORD']}@{host}:{entry['PORT']}/{entry['NAME']}{more}"
    return subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        cwd=folder,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "example_project.settings",
            "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        },
        capture_output=True,
        text=True,
        check=arguments[0] == "migrate",
    )


ALWAYS = {"right"}
"""The others are slow."""


@pytest.mark.parametrize(
    ("old", "new", "sql", "verdict"),
    [
        pytest.param(*one[1:], id=one[0], marks=() if one[0] in ALWAYS else (pytest.mark.slow,))
        for one in MUTATIONS
    ],
)
def test_each_mutation_is_caught(
    project: tuple[Path, dict[str, Any]], django_db_blocker: Any, old: str, new: str, sql: str, verdict: str
) -> None:
    folder, entry = project
    file = folder / "example_project/shop/migrations/0042_order_currency.py"
    right = file.read_text()
    assert old in right
    with django_db_blocker.unblock(), scratch_database(template=entry["NAME"]) as mine:
        if sql:
            with opened(mine) as connection:
                execute(connection, sql)
        try:
            file.write_text(right.replace(old, new, 1) if old else right)
            done = run(folder, mine, "validate_migration", "0042", "--format", "json")
        finally:
            file.write_text(right)
    assert done.stdout, done.stderr
    assert json.loads(done.stdout)["verdict"] == verdict


@pytest.mark.slow
def test_the_scripts_can_be_used(
    project: tuple[Path, dict[str, Any]], django_db_blocker: Any, tmp_path: Path
) -> None:
    folder, entry = project
    with django_db_blocker.unblock(), scratch_database(template=entry["NAME"]) as mine:
        done = run(folder, mine, "validate_migration", "0042", "--sql", str(tmp_path))
        assert done.returncode == 0, done.stderr
        scripts = {path.name: path.read_text() for path in tmp_path.iterdir()}
        assert sorted(scripts) == ["post.sql", "pre.sql", "rollback.sql"]
        assert not any(text.startswith("-- NOT TO BE USED") for text in scripts.values())
        with opened(mine) as connection:
            execute(connection, scripts["pre.sql"], scripts["rollback.sql"])
            connection.close()
            run(folder, mine, "migrate", "-v0", "shop", "0042")
            execute(connection, scripts["post.sql"], "UPDATE shop_order SET currency = 'JPY' WHERE id = 1")
            with pytest.raises(DatabaseError, match=r"order\.user\.preferred_currency: [0-9]+ rows"):
                execute(connection, scripts["post.sql"])
            with pytest.raises(DatabaseError, match=r"6 rows of shop_order\.currency would be lost"):
                execute(connection, scripts["rollback.sql"])
            execute(connection, "SET dbstate.allow_loss = 'on'", *[scripts["rollback.sql"]] * 2)
            with pytest.raises(DatabaseError, match="currency"):
                execute(connection, "SELECT currency FROM shop_order")
            connection.close()
        assert run(folder, mine, "validate_migration", "0042").returncode == 0
