"""The rehearsal as a whole, on real databases."""

from __future__ import annotations

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.rehearsal.evidence import Evidence, TableChange
from tests.rehearsal.projects import Project

ORDERS = """
    CreateModel("Order", [
        ("id", models.BigAutoField(primary_key=True)),
        ("code", models.CharField(max_length=10)),
        ("note", models.TextField(null=True)),
    ]),
"""


def orders(project: Project) -> Project:
    project.migration("0001_initial", ORDERS)
    project.migrate()
    project.sql("INSERT INTO shop_order (code, note) VALUES ('a', 'x'), ('b', NULL), ('c', 'z')")
    return project


def differences(evidence: Evidence) -> list[str]:
    assert evidence.applied
    return [str(one) for one in evidence.applied.schema]


def only_change(changes: tuple[TableChange, ...]) -> TableChange:
    (change,) = changes
    return change


def test_a_clean_migration_goes_there_and_back(project: Project) -> None:
    orders(project).migration(
        "0002_currency",
        'AddField("order", "currency", models.CharField(max_length=3, default="EUR")),',
    )
    evidence = project.rehearse("0002_currency")
    assert evidence.failure is None
    assert [run.phase for run in evidence.runs] == ["apply", "reverse", "reapply"]
    assert evidence.applied
    assert evidence.applied.tables == ()
    assert differences(evidence) == ["shop_order.currency (character varying(3) NOT NULL) was added"]
    assert evidence.returned
    assert evidence.returned.tables == evidence.returned.schema == ()
    assert evidence.repeated
    assert evidence.repeated.schema == ()
    assert [(one.table, one.column, one.action) for one in evidence.old_code] == [
        ("shop_order", "currency", "insert")
    ]
    assert [(one.model, one.rows, one.failure) for one in evidence.written] == [("shop.Order", 3, "")]
    assert evidence.drift == evidence.unvalidated == evidence.sequences == evidence.leftovers == ()


def test_old_code_would_mistake_swapped_columns_and_write_nulls(project: Project) -> None:
    orders(project).migration(
        "0002_swapped",
        """
        AlterField("order", "note", models.CharField(max_length=20, default="none")),
        RenameField("order", "code", "held"),
        RenameField("order", "note", "code"),
        RenameField("order", "held", "note"),
        """,
    )
    evidence = project.rehearse("0002_swapped")
    assert evidence.failure is None
    assert {(one.column, one.action) for one in evidence.old_code} == {
        ("code", "mistake"),
        ("note", "mistake"),
        ("note", "write NULL"),
    }


def test_a_failure_names_the_operation_and_the_rows(project: Project) -> None:
    orders(project).migration(
        "0002_note",
        """
        RunSQL("SELECT 1", "SELECT 1"),
        AlterField("order", "note", models.TextField()),
        """,
    )
    evidence = project.rehearse("0002_note")
    failure = evidence.failure
    assert failure
    assert (failure.kind, failure.phase, failure.migration) == ("raised", "apply", "shop.0002_note")
    assert (failure.operation, failure.sqlstate, failure.column) == (1, "23502", "note")
    assert failure.statement.startswith('ALTER TABLE "shop_order"')
    assert [(one.table, one.column, one.rows) for one in failure.asked] == [("shop_order", "note", 1)]
    assert evidence.applied is None


@pytest.mark.slow
def test_a_dropped_column_does_not_come_back(project: Project) -> None:
    orders(project).migration("0002_no_note", 'RemoveField("order", "note"),')
    evidence = project.rehearse("0002_no_note")
    assert evidence.applied
    assert evidence.returned
    (dropped,) = only_change(evidence.applied.tables).dropped
    assert (dropped.column, dropped.held, dropped.samples[0].before) == ("note", 2, "x")
    (column,) = only_change(evidence.returned.tables).columns
    assert (column.column, column.rows, column.nulled) == ("note", 2, 2)


def test_a_rename_moves_nothing(project: Project) -> None:
    orders(project).migration(
        "0002_rename",
        'RenameField("order", "note", "remark"),\nRenameModel("order", "Purchase"),',
    )
    evidence = project.rehearse("0002_rename")
    assert evidence.failure is None
    assert evidence.applied
    assert evidence.applied.tables == evidence.applied.new_tables == ()


def test_rows_rewritten_by_code_are_counted(project: Project) -> None:
    orders(project).migration(
        "0002_upper",
        "RunPython(forwards, RunPython.noop),",
        head="""
        def forwards(apps, editor):
            Order = apps.get_model("shop", "Order")
            for order in Order.objects.exclude(note=None):
                order.note = order.note.upper()
                order.save()
            Order.objects.filter(code="c").delete()
            Order.objects.create(code="d")
        """,
    )
    evidence = project.rehearse("0002_upper")
    assert evidence.applied
    change = only_change(evidence.applied.tables)
    assert (change.rows_before, change.rows_after, change.lost, change.gained) == (3, 3, 1, 1)
    assert (change.lost_keys, change.gained_keys) == (("3",), ("4",))
    (column,) = change.columns
    assert [(one.key, one.before, one.after) for one in column.samples] == [("1", "x", "X")]
    assert evidence.returned
    (column,) = only_change(evidence.returned.tables).columns
    assert (column.rows, column.kept) == (1, 1)


def test_what_cannot_be_reversed_is_named(project: Project) -> None:
    orders(project).migration("0002_sql", 'RunSQL("UPDATE shop_order SET note = code WHERE note IS NULL"),')
    evidence = project.rehearse("0002_sql")
    failure = evidence.failure
    assert failure
    assert (failure.kind, failure.phase, failure.operation) == ("irreversible", "reverse", 0)
    assert evidence.applied
    (column,) = only_change(evidence.applied.tables).columns
    assert (column.rows, column.filled) == (1, 1)


def test_the_source_is_left_as_it_was(project: Project) -> None:
    orders(project).migration("0002_gone", 'DeleteModel("Order"),')
    with project.source.cursor() as cursor:
        before = dump(cursor)
    evidence = project.rehearse("0002_gone")
    assert evidence.applied
    assert only_change(evidence.applied.tables).table_after is None
    with project.source.cursor() as cursor:
        assert dump(cursor) == before
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [evidence.copy.database])
        assert cursor.fetchone() == (0,)


def dump(cursor: object) -> list[object]:
    """Rows, schema and sequences of the small project."""
    found = []
    for sql in (
        "SELECT * FROM shop_order ORDER BY id",
        "SELECT app, name FROM django_migrations ORDER BY id",
        "SELECT * FROM shop_order_id_seq",
        "SELECT relname, relfilenode FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    ):
        cursor.execute(sql)  # type: ignore[attr-defined]
        found.append(cursor.fetchall())  # type: ignore[attr-defined]
    return found


@pytest.mark.slow
def test_of_a_large_database_only_rows_that_can_change_are_kept(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dbstate.rehearsal.rehearse.LARGE", 0)
    project.migration(
        "0001_initial",
        """
        CreateModel("Unrelated", [("id", models.BigAutoField(primary_key=True))]),
        CreateModel("Customer", [("id", models.AutoField(primary_key=True))]),
        CreateModel("Order", [("id", models.BigAutoField(primary_key=True)),
            ("customer", models.ForeignKey("shop.Customer", models.CASCADE))]),
        """,
    )
    project.migrate()
    project.migration("0002_key", 'AlterField("customer", "id", models.BigAutoField(primary_key=True)),')
    kept: list[set[str]] = []

    def look(moment: str, copy: BaseDatabaseWrapper) -> None:
        with copy.cursor() as cursor:
            cursor.execute(
                """SELECT c.relname FROM pg_class k JOIN pg_class c
                   ON k.relname = 'start_' || c.oid WHERE k.relnamespace = 'dbstate_before'::regnamespace"""
            )
            kept.append({name for (name,) in cursor.fetchall()})

    evidence = project.rehearse("0002_key", look=look)
    assert evidence.failure is None
    assert kept[0] == {"shop_customer", "shop_order"}
    assert evidence.applied
    assert evidence.applied.new_tables == ()


def test_locks_rewrites_and_statements_are_told(project: Project) -> None:
    orders(project).migration(
        "0002_wide",
        """
        AlterField("order", "code", models.CharField(max_length=20)),
        AlterField("order", "id", models.IntegerField(primary_key=True)),
        AddIndex("order", models.Index(fields=["code"], name="by_code")),
        """,
    )
    run = project.rehearse("0002_wide").run("apply")
    assert run
    (step,) = run.steps
    assert [one.kind for one in step.operations] == ["AlterField", "AlterField", "AddIndex"]
    assert [one.rewritten for one in step.operations] == [(), ("shop_order",), ()]
    assert step.operations[0].statements[0].sql.startswith('ALTER TABLE "shop_order" ALTER COLUMN "code"')
    assert [(one.table, one.mode, one.operation) for one in step.locks] == [
        ("shop_order", "AccessExclusiveLock", 0)
    ]
    assert 0 < step.locks[0].seconds <= step.seconds


STAMP = """
    CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN NEW.note := clock_timestamp()::text; RETURN NEW; END$$
"""


@pytest.mark.slow
def test_a_trigger_that_stamps_rows_is_no_failure_to_read_them_back(project: Project) -> None:
    orders(project).sql(
        STAMP, "CREATE TRIGGER stamp BEFORE UPDATE ON shop_order FOR EACH ROW EXECUTE FUNCTION stamp()"
    )
    project.migration("0002_extra", 'AddField("order", "extra", models.IntegerField(null=True)),')
    assert [(one.failure, one.tried) for one in project.rehearse("0002_extra").written] == [("", True)]


@pytest.mark.slow
def test_rows_that_do_not_come_back_as_they_were_written_are_told(project: Project) -> None:
    orders(project).migration(
        "0002_price",
        """
        SeparateDatabaseAndState(
            [RunSQL("ALTER TABLE shop_order ADD price numeric(8, 1) NOT NULL DEFAULT 0", RunSQL.noop)],
            [AddField("order", "price", Cents(max_digits=8, decimal_places=2, default=0))],
        ),
        """,
        head="""
        class Cents(models.DecimalField):
            def from_db_value(self, value, expression, connection):
                return value + 1
        """,
    )
    (written,) = project.rehearse("0002_price").written
    assert written.failure.startswith("price was written as Decimal(")
