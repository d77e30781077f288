"""Less common hazards beside their twins: keys, expressions, raw SQL, Python that goes wrong."""

from __future__ import annotations

from tests.rehearsal.scenarios.scenario import Scenario

FOREIGN = 'migrations.AddField("tag", "owner", models.ForeignKey("shop.Customer", models.CASCADE, {more})),'
ONE = 'migrations.AlterField("order", "customer", models.OneToOneField("shop.Customer", models.CASCADE)),'
JSON = 'migrations.AlterField("customer", "bio", models.JSONField(default=dict)),'
GENERATED = """migrations.AddField("customer", "rate", models.GeneratedField(db_persist=True,
    expression=models.F("points") / models.F("age"), output_field=models.BigIntegerField())),"""
DEDUPE_HEAD = """
def dedupe(apps, editor):
    rows = apps.get_model("shop", "Customer").objects
    for one in rows.order_by("id"):
        if rows.filter(name=one.name, id__lt=one.id).exists():
            one.name = f"{one.name}{one.id}"
            one.save()
"""
DEDUPE = """migrations.RunPython(dedupe, migrations.RunPython.noop),
migrations.AlterField("customer", "name", models.CharField(max_length=50, unique=True)),"""
CHOICES = """migrations.RunPython(forwards, backwards),
migrations.AlterField("customer", "status", models.CharField(max_length=10, default="new",
    choices=[("new", "new"), ("gone", "gone")])),"""
CHOICES_HEAD = """
def forwards(apps, editor):
    apps.get_model("shop", "Customer").objects.filter(status="old").update(status="gone")

def backwards(apps, editor):
    apps.get_model("shop", "Customer").objects.filter(status="gone").update(status="old")
"""
CENTS = """
migrations.RunSQL("UPDATE shop_order SET total = total * 100",
    "UPDATE shop_order SET total = total / {by}"),
"""
TOTALS = {"expect": {"changed_columns": ["shop_order.total"]}}

SCENARIOS = (
    Scenario(
        "foreign_key_default_orphan",
        FOREIGN.format(more="default=99"),
        "fails_pre",
        found=(("orphan-rows", "tag.owner_id", 2),),
    ),
    Scenario("foreign_key_default", FOREIGN.format(more="default=1"), "safe"),
    Scenario("foreign_key_null", FOREIGN.format(more="null=True"), "safe"),
    Scenario(
        "foreign_key_no_default",
        FOREIGN.format(more=""),
        "fails_pre",
        found=(("no-default", "tag.owner_id", 2),),
    ),
    Scenario("one_to_one", ONE, "fails_pre", (), (("duplicate-rows", "order.customer_id", 2),)),
    Scenario("one_to_one_clean", ONE, "safe", ("UPDATE shop_order SET customer_id = 3 WHERE id = 3",)),
    Scenario("json", JSON, "safe", ("""UPDATE shop_customer SET bio = '{"a":1}'""",)),
    Scenario("json_broken", JSON, "fails_pre", (), (("not-castable", "customer.bio", 4),)),
    Scenario(
        "generated_fails",
        GENERATED,
        "fails_pre",
        ("UPDATE shop_customer SET age = 0 WHERE id IN (2, 3)",),
        (("expression-fails", "customer.rate", 2),),
    ),
    Scenario("generated", GENERATED, "safe"),
    Scenario(
        "index_expression_fails",
        'migrations.AddIndex("customer", models.Index(Cast("code", models.IntegerField()), name="by_code")),',
        "fails_pre",
        ("UPDATE shop_customer SET code = 'x' WHERE id IN (2, 3)",),
        (("expression-fails", "customer.code", 2),),
        head="from django.db.models.functions import Cast",
    ),
    Scenario(
        "index_expression",
        'migrations.AddIndex("customer", models.Index(Cast("code", models.IntegerField()), name="by_code")),',
        "safe",
        head="from django.db.models.functions import Cast",
    ),
    Scenario(
        "index_entry_too_big",
        'migrations.AddIndex("customer", models.Index(fields=["bio"], name="by_bio")),',
        "fails_pre",
        (
            "UPDATE shop_customer SET bio = (SELECT string_agg(md5(n::text), '')"
            " FROM generate_series(1, 300) AS n) WHERE id = 2",
        ),
        (("too-big-for-index", "customer.bio", 1),),
    ),
    Scenario(
        "smallint_key",
        'migrations.AlterField("tag", "id", models.SmallAutoField(primary_key=True)),',
        "fails_pre",
        ("INSERT INTO shop_tag (id, label) VALUES (40000, 'far')",),
        (("out-of-range", "tag.id", 1),),
    ),
    Scenario(
        "smallint_key_fits",
        'migrations.AlterField("tag", "id", models.SmallAutoField(primary_key=True)),',
        "safe",
    ),
    Scenario(
        "dedupe_undeclared",
        DEDUPE,
        "fails_post",
        ("UPDATE shop_customer SET name = 'Ann' WHERE id = 3",),
        (("undeclared-change", "customer.name", 1),),
        head=DEDUPE_HEAD,
    ),
    Scenario(
        "dedupe_declared",
        DEDUPE,
        "safe",
        ("UPDATE shop_customer SET name = 'Ann' WHERE id = 3",),
        head=DEDUPE_HEAD,
        checks={"expect": {"changed_columns": ["shop_customer.name"]}},
    ),
    Scenario(
        "choices_mapped",
        CHOICES,
        "safe",
        head=CHOICES_HEAD,
        checks={"expect": {"changed_columns": ["shop_customer.status"]}},
    ),
    Scenario("cents_declared", CENTS.format(by=100), "safe", checks=TOTALS),
    Scenario(
        "cents_reverse_wrong",
        CENTS.format(by=10),
        "rollback_mismatch",
        (),
        (("rollback-differs", "order.total", 3),),
        checks=TOTALS,
    ),
    Scenario(
        "cents_undeclared", CENTS.format(by=100), "fails_post", (), (("undeclared-change", "order.total", 3),)
    ),
    Scenario(
        "where_dropped",
        """migrations.RunSQL("UPDATE shop_customer SET email = 'none'", ""),
        migrations.AlterField("customer", "email", models.CharField(max_length=100)),""",
        "fails_post",
        ("UPDATE shop_customer SET email = NULL WHERE id = 2",),
        (("undeclared-change", "customer.email", 3),),
    ),
    Scenario(
        "raw_not_null",
        """migrations.RunSQL("ALTER TABLE shop_customer ALTER COLUMN email SET NOT NULL",
            "ALTER TABLE shop_customer ALTER COLUMN email DROP NOT NULL"),""",
        "fails_pre",
        ("UPDATE shop_customer SET email = NULL WHERE id = 2",),
        (("null-rows", "customer.email", 1),),
    ),
    Scenario(
        "raw_unique",
        """migrations.RunSQL("CREATE UNIQUE INDEX one_name ON shop_customer (lower(name)) WHERE age > 35",
            "DROP INDEX one_name"),""",
        "fails_pre",
        ("UPDATE shop_customer SET name = 'cid' WHERE id = 4",),
        (("duplicate-rows", "customer.name", 2),),
    ),
    Scenario(
        "raw_check_not_valid",
        """migrations.RunSQL("ALTER TABLE shop_customer ADD CONSTRAINT c CHECK (age > 35) NOT VALID",
            "ALTER TABLE shop_customer DROP CONSTRAINT c"),""",
        "fails_post",
    ),
    Scenario(
        "raw_syntax_error",
        'migrations.RunSQL("ALTER TABLE shop_customer FROBNICATE", ""),',
        "fails_pre",
    ),
    Scenario(
        "raw_sequence_reset",
        'migrations.RunSQL("ALTER SEQUENCE shop_tag_id_seq RESTART WITH 1", ""),',
        "fails_post",
    ),
    Scenario(
        "drop_missing_constraint",
        """migrations.SeparateDatabaseAndState(state_operations=[migrations.AddConstraint("customer",
            models.CheckConstraint(condition=models.Q(age__gt=0), name="ghost"))]),
        migrations.RemoveConstraint("customer", "ghost"),""",
        "fails_pre",
        (),
        (("missing", "customer", None),),
    ),
    Scenario(
        "concurrently_in_a_transaction",
        'postgres.AddIndexConcurrently("customer", models.Index(fields=["name"], name="by_name")),',
        "fails_pre",
    ),
    Scenario(
        "hangs",
        "migrations.RunPython(hang, migrations.RunPython.noop),",
        "none",
        head="""
        def hang(apps, editor):
            import time
            time.sleep(60)
        """,
        arguments=("shop", "0002", "--timeout", "4"),
    ),
    Scenario(
        "kills_its_connection",
        """migrations.RunSQL("SELECT pg_terminate_backend(pg_backend_pid())", ""),""",
        "fails_pre",
    ),
    Scenario(
        "ends_the_process",
        "migrations.RunPython(end, migrations.RunPython.noop),",
        "fails_pre",
        head="def end(apps, editor): __import__('os')._exit(3)",
    ),
    Scenario(
        "integer_to_boolean",
        'migrations.AlterField("customer", "age", models.BooleanField(null=True)),',
        "data_loss",
        (),
        (("values-lost", "customer.age", 4),),
    ),
    Scenario(
        "bigint_to_boolean",
        'migrations.AlterField("customer", "points", models.BooleanField(default=False)),',
        "fails_pre",
    ),
    Scenario(
        "trailing_spaces_cut",
        'migrations.AlterField("customer", "nick", models.CharField(max_length=3, default="")),',
        "data_loss",
        ("UPDATE shop_customer SET nick = 'an   ' WHERE id = 1",),
        (("values-lost", "customer.nick", 1),),
    ),
    Scenario(
        "widened", 'migrations.AlterField("customer", "name", models.CharField(max_length=500)),', "safe"
    ),
    Scenario("to_text", 'migrations.AlterField("customer", "name", models.TextField()),', "safe"),
    Scenario(
        "to_bigint", 'migrations.AlterField("order", "total", models.BigIntegerField(default=0)),', "safe"
    ),
    Scenario(
        "integer_to_text", 'migrations.AlterField("order", "total", models.TextField(default="")),', "safe"
    ),
    Scenario("table_renamed", 'migrations.AlterModelTable("tag", "labels"),', "safe"),
    Scenario(
        "column_renamed",
        'migrations.AlterField("tag", "label", models.CharField(max_length=20, unique=True, db_column="l")),',
        "safe",
    ),
    Scenario("options", 'migrations.AlterModelOptions("tag", {"ordering": ["label"]}),', "safe"),
    Scenario(
        "state_only_removal_not_null",
        """migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("customer", "name")]),""",
        "fails_post",
    ),
    Scenario(
        "state_only_removal_nullable",
        """migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("customer", "email")]),""",
        "safe",
    ),
    Scenario(
        "rows_moved",
        """migrations.CreateModel("Archive", fields=[("id", models.BigAutoField(primary_key=True)),
            ("label", models.CharField(max_length=20))]),
        migrations.RunSQL("INSERT INTO shop_archive (label) SELECT label FROM shop_tag", ""),
        migrations.DeleteModel("Tag"),""",
        "data_loss",
        (),
        (("rows-lost", "tag", 2),),
    ),
    Scenario(
        "rows_moved_and_back",
        """migrations.CreateModel("Archive", fields=[("id", models.BigAutoField(primary_key=True)),
            ("label", models.CharField(max_length=20))]),
        migrations.RunSQL("INSERT INTO shop_archive (id, label) SELECT id, label FROM shop_tag;"
                          "SELECT setval('shop_archive_id_seq', 10)",
            "INSERT INTO shop_tag (id, label) SELECT id, label FROM shop_archive"),
        migrations.DeleteModel("Tag"),""",
        "safe",
    ),
    Scenario(
        "allowed",
        'migrations.RemoveField("customer", "bio"),',
        "safe",
        arguments=("shop", "0002", "--allow", "values-lost:shop_customer.bio", "--reason", "not needed"),
    ),
    Scenario(
        "allowed_elsewhere",
        'migrations.RemoveField("customer", "bio"),',
        "data_loss",
        arguments=("shop", "0002", "--allow", "values-lost:shop_order.note", "--reason", "not needed"),
    ),
    Scenario(
        "strict_warns",
        'migrations.AddField("customer", "size", models.IntegerField(null=True)),',
        "safe",
        arguments=("shop", "0002", "--strict"),
    ),
    Scenario(
        "deletes_by_cascade",
        """migrations.RunPython(drop, migrations.RunPython.noop),""",
        "data_loss",
        (),
        (("rows-lost", "customer", 1), ("rows-lost", "order", 2)),
        head="def drop(apps, editor): apps.get_model('shop', 'Customer').objects.filter(id=2).delete()",
    ),
    Scenario(
        "many_to_many_through_change",
        """migrations.AddField("order", "tags", models.ManyToManyField("shop.Tag")),
        migrations.AlterField("order", "tags", models.TextField(default="")),""",
        "fails_pre",
    ),
    Scenario(
        "enum_cast",
        """migrations.RunSQL("CREATE TYPE mood AS ENUM ('new', 'old')", "DROP TYPE mood"),
        migrations.RunSQL("ALTER TABLE shop_customer ALTER status TYPE mood USING status::mood",
            "ALTER TABLE shop_customer ALTER status TYPE varchar(10) USING status::text"),""",
        "fails_pre",
        (
            "UPDATE shop_customer SET status = 'gone' WHERE id IN (1, 3)",
            "ALTER TABLE shop_customer ALTER status DROP DEFAULT",
        ),
        (("not-castable", "customer.status", 2),),
    ),
    Scenario(
        "volatile_unique_default",
        """migrations.AddField("customer", "token", models.UUIDField(db_default=Random(), unique=True)),""",
        "safe",
        head="""
        from django.db.models import Func
        class Random(Func):
            function = "gen_random_uuid"
            template = "%(function)s()"
            output_field = models.UUIDField()
        """,
    ),
    Scenario(
        "python_default_unique",
        """migrations.AddField("customer", "token", models.UUIDField(default=uuid.uuid4, unique=True)),""",
        "fails_pre",
        (),
        (("duplicate-rows", "customer.token", 4),),
        head="import uuid",
    ),
)
