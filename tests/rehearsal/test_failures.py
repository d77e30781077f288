"""Migrations that fail, hang, end their session or their process, and what they leave."""

from __future__ import annotations

import pytest

from dbstate.rehearsal.evidence import Failure
from dbstate.rehearsal.process import CannotRehearse
from tests.rehearsal.projects import Project
from tests.rehearsal.test_rehearse import orders

CODE = """
def forwards(apps, editor):
    {}
"""


def failing(project: Project, code: str, *, atomic: bool = True, **given: object) -> Failure:
    """The failure of a migration that runs this code."""
    orders(project).migration(
        "0002_code", "RunPython(forwards, RunPython.noop),", head=CODE.format(code), atomic=atomic
    )
    failure = project.rehearse("0002_code", **given).failure
    assert failure
    assert failure.phase == "apply"
    assert (failure.migration, failure.operation) == ("shop.0002_code", 0)
    return failure


def test_an_exception_says_where(project: Project) -> None:
    failure = failing(project, "raise LookupError('no such plan')")
    assert (failure.kind, failure.message) == ("raised", "LookupError: no such plan")
    assert failure.where.endswith("0002_code.py:8")


@pytest.mark.slow
def test_leaving_the_process_by_an_exception_is_a_failure(project: Project) -> None:
    assert failing(project, "raise SystemExit(3)").kind == "raised"


@pytest.mark.slow
def test_a_hanging_migration_is_ended(project: Project) -> None:
    failure = failing(project, "import time; time.sleep(60)", timeout=2)
    assert (failure.kind, failure.message) == ("timeout", "it took more than 2 seconds")


@pytest.mark.slow
def test_a_hanging_statement_is_ended_with_its_copy(project: Project) -> None:
    failure = failing(project, "editor.execute('SELECT pg_sleep(60)')", timeout=2)
    assert failure.kind == "timeout"
    with project.source.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(60)' AND pid <> 0")
        assert cursor.fetchone()[0] <= 1


@pytest.mark.slow
def test_a_session_that_ends_itself_is_told_apart(project: Project) -> None:
    code = "editor.execute('SELECT pg_terminate_backend(pg_backend_pid())')"
    assert failing(project, code).kind == "lost connection"


@pytest.mark.slow
def test_a_process_that_ends_is_told_apart(project: Project) -> None:
    failure = failing(project, "import os; os._exit(7)")
    assert (failure.kind, failure.message) == ("died", "its process ended with code 7")


def test_a_deferred_key_that_fails_at_the_end_is_explained(project: Project) -> None:
    orders(project).migration(
        "0002_key",
        """
        CreateModel("Line", [
            ("id", models.BigAutoField(primary_key=True)),
            ("order", models.ForeignKey("shop.Order", models.CASCADE)),
        ]),
        RunSQL("INSERT INTO shop_line (order_id) VALUES (1), (99)", RunSQL.noop),
        """,
    )
    failure = project.rehearse("0002_key").failure
    assert failure
    assert (failure.operation, failure.sqlstate) == (None, "23503")
    assert failure.statement.startswith('ALTER TABLE "shop_line" ADD CONSTRAINT')
    assert [(one.table, one.rows, one.keys) for one in failure.asked] == [("shop_line", 1, ("2",))]


def test_a_broken_file_is_said(project: Project) -> None:
    orders(project).migration("0002_broken", "this is no Python")
    with pytest.raises(CannotRehearse, match="SyntaxError"):
        project.rehearse("0002_broken")


def test_what_a_failed_concurrent_index_leaves_is_named_with_its_cure(project: Project) -> None:
    orders(project).sql("INSERT INTO shop_order (code) VALUES ('a')")
    project.migration(
        "0002_unique",
        """
        AddField("order", "extra", models.IntegerField(null=True)),
        RunSQL("CREATE UNIQUE INDEX CONCURRENTLY by_code ON shop_order (code)", RunSQL.noop),
        """,
        atomic=False,
    )
    evidence = project.rehearse("0002_unique")
    assert evidence.failure
    assert evidence.failure.sqlstate == "23505"
    assert [one.sql for one in evidence.leftovers] == [
        'DROP INDEX CONCURRENTLY IF EXISTS "by_code";',
        'ALTER TABLE "shop_order" DROP COLUMN IF EXISTS "extra";',
    ]


@pytest.mark.slow
def test_an_interrupted_concurrent_index_is_in_the_way_until_it_is_cleared(project: Project) -> None:
    orders(project).migration(
        "0002_index",
        'postgres.AddIndexConcurrently("order", models.Index(fields=["code"], name="by_code")),',
        atomic=False,
    )
    evidence = project.rehearse("0002_index")
    assert evidence.failure is None
    (halfway,) = evidence.halfway
    assert [one.sql for one in halfway.leftovers] == ['DROP INDEX CONCURRENTLY IF EXISTS "by_code";']
    assert "already exists" in halfway.message
    assert (halfway.operation, halfway.inside) == (0, True)
    assert (halfway.runs_again, halfway.runs_after_clearing) == (False, True)


def test_a_non_atomic_migration_is_failed_before_its_last_operation(project: Project) -> None:
    orders(project).migration(
        "0002_two",
        """
        AddField("order", "one", models.IntegerField(null=True)),
        AddField("order", "two", models.IntegerField(null=True)),
        """,
        atomic=False,
    )
    (halfway,) = project.rehearse("0002_two").halfway
    assert [one.text for one in halfway.leftovers] == ["shop_order.one (integer NULL) was added"]
    assert (halfway.operation, halfway.inside) == (1, False)
    assert (halfway.runs_again, halfway.runs_after_clearing) == (False, True)
