"""Migrations that cannot be applied to some rows, each beside rows (or a way) that let it through."""

from __future__ import annotations

from tests.rehearsal.scenarios.scenario import Scenario

NOT_NULL = 'migrations.AlterField("customer", "email", models.CharField(max_length=100)),'
UNIQUE = 'migrations.AlterField("customer", "name", models.CharField(max_length=50, unique=True)),'
TWO_NULLS = "UPDATE shop_customer SET email = NULL WHERE id IN (2, 4)"
TWINS = "UPDATE shop_customer SET name = 'Ann' WHERE id IN (2, 3)"
BOSS = """
migrations.AlterField("customer", "boss_id", models.BigIntegerField(null=True, db_column="boss_id")),
migrations.RenameField("customer", "boss_id", "boss"),
migrations.AlterField("customer", "boss", models.ForeignKey("shop.Customer", models.SET_NULL, null=True)),
"""


def constraint(text: str) -> str:
    return f'migrations.AddConstraint("customer", {text}),'


SCENARIOS = (
    Scenario("not_null_nulls", NOT_NULL, "fails_pre", (TWO_NULLS,), (("null-rows", "customer.email", 2),)),
    Scenario("not_null_clean", NOT_NULL, "safe"),
    Scenario(
        "not_null_with_default",
        'migrations.AlterField("customer", "email", models.CharField(max_length=100, default="x")),',
        "safe",
        (TWO_NULLS,),
    ),
    Scenario(
        "not_null_db_default",
        'migrations.AlterField("customer", "email", models.CharField(max_length=100, db_default="x")),',
        "safe",
        (TWO_NULLS,),
    ),
    Scenario(
        "not_null_after_backfill",
        f"migrations.RunPython(fill, migrations.RunPython.noop), {NOT_NULL}",
        "safe",
        (TWO_NULLS,),
        head="""
        def fill(apps, editor):
            apps.get_model("shop", "Customer").objects.filter(email=None).update(email="none")
        """,
    ),
    Scenario(
        "not_null_after_partial_backfill",
        f"migrations.RunPython(fill, migrations.RunPython.noop), {NOT_NULL}",
        "fails_pre",
        (TWO_NULLS,),
        (("null-rows", "customer.email", 1),),
        head="""
        def fill(apps, editor):
            apps.get_model("shop", "Customer").objects.filter(email=None, id=2).update(email="none")
        """,
    ),
    Scenario(
        "not_null_after_sql_backfill",
        f"""migrations.RunSQL("UPDATE shop_customer SET email = 'x' WHERE email IS NULL", ""), {NOT_NULL}""",
        "safe",
        (TWO_NULLS,),
    ),
    Scenario(
        "not_null_renamed_first",
        """migrations.RenameField("customer", "email", "mail"),
        migrations.AlterField("customer", "mail", models.CharField(max_length=100)),""",
        "fails_pre",
        (TWO_NULLS,),
        (("null-rows", "customer.mail", 2),),
    ),
    Scenario("unique_twins", UNIQUE, "fails_pre", (TWINS,), (("duplicate-rows", "customer.name", 3),)),
    Scenario("unique_clean", UNIQUE, "safe"),
    Scenario(
        "unique_nulls_are_distinct",
        constraint('models.UniqueConstraint(fields=["email"], name="u")'),
        "safe",
        (TWO_NULLS,),
    ),
    Scenario(
        "unique_nulls_not_distinct",
        constraint('models.UniqueConstraint(fields=["email"], name="u", nulls_distinct=False)'),
        "fails_pre",
        (TWO_NULLS,),
        (("duplicate-rows", "customer.email", 2),),
    ),
    Scenario(
        "unique_conditional",
        constraint('models.UniqueConstraint(fields=["name"], condition=models.Q(status="new"), name="u")'),
        "fails_pre",
        (TWINS,),
        (("duplicate-rows", "customer.name", 2),),
    ),
    Scenario(
        "unique_conditional_clean",
        constraint('models.UniqueConstraint(fields=["name"], condition=models.Q(status="gone"), name="u")'),
        "safe",
        (TWINS,),
    ),
    Scenario(
        "unique_lower",
        constraint('models.UniqueConstraint(Lower("name"), name="u")'),
        "fails_pre",
        ("UPDATE shop_customer SET name = 'ANN' WHERE id = 2",),
        (("duplicate-rows", "customer.name", 2),),
        head="from django.db.models.functions import Lower",
    ),
    Scenario(
        "unique_lower_clean",
        constraint('models.UniqueConstraint(Lower("name"), name="u")'),
        "safe",
        head="from django.db.models.functions import Lower",
    ),
    Scenario(
        "unique_together",
        'migrations.AlterUniqueTogether("order", {("customer", "total")}),',
        "fails_pre",
        ("UPDATE shop_order SET total = 6 WHERE id = 3",),
        (("duplicate-rows", "order.customer_id, total", 2),),
    ),
    Scenario(
        "unique_together_clean", 'migrations.AlterUniqueTogether("order", {("customer", "total")}),', "safe"
    ),
    Scenario(
        "unique_new_column_constant",
        'migrations.AddField("customer", "token", models.TextField(default="x", unique=True)),',
        "fails_pre",
        (),
        (("duplicate-rows", "customer.token", 4),),
    ),
    Scenario(
        "unique_new_column_null",
        'migrations.AddField("customer", "token", models.CharField(max_length=40, null=True, unique=True)),',
        "safe",
    ),
    Scenario(
        "unique_new_column_one_row",
        'migrations.AddField("tag", "token", models.CharField(max_length=40, default="x", unique=True)),',
        "safe",
        ("DELETE FROM shop_tag WHERE id = 2",),
    ),
    Scenario(
        "check_broken",
        constraint('models.CheckConstraint(condition=models.Q(age__gte=45), name="c")'),
        "fails_pre",
        ("UPDATE shop_customer SET age = NULL WHERE id = 3",),
        (("check-broken", "customer.age", 2),),
    ),
    Scenario(
        "check_clean", constraint('models.CheckConstraint(condition=models.Q(age__gte=1), name="c")'), "safe"
    ),
    Scenario(
        "check_positive",
        'migrations.AlterField("customer", "age", models.PositiveIntegerField(null=True)),',
        "fails_pre",
        ("UPDATE shop_customer SET age = -1 WHERE id = 3",),
        (("check-broken", "customer.age", 1),),
    ),
    Scenario(
        "exclusion",
        """migrations.AddConstraint("order", ExclusionConstraint(
            name="x", expressions=[(DateRange("starts", "ends"), "&&")])),""",
        "fails_pre",
        ("UPDATE shop_order SET starts = '2024-02-03', ends = '2024-02-09' WHERE id = 3",),
        (("exclusion-broken", "order.ends, starts", 2),),
        head="""
        from django.contrib.postgres.constraints import ExclusionConstraint
        from django.db.models import Func
        class DateRange(Func):
            function = "daterange"
        """,
    ),
    Scenario(
        "exclusion_clean",
        """migrations.AddConstraint("order", ExclusionConstraint(
            name="x", expressions=[(DateRange("starts", "ends"), "&&")])),""",
        "safe",
        head="""
        from django.contrib.postgres.constraints import ExclusionConstraint
        from django.db.models import Func
        class DateRange(Func):
            function = "daterange"
        """,
    ),
    Scenario(
        "orphans",
        BOSS,
        "fails_pre",
        ("UPDATE shop_customer SET boss_id = 99 WHERE id IN (3, 4)",),
        (("orphan-rows", "customer.boss_id", 2),),
    ),
    Scenario(
        "orphans_clean",
        BOSS,
        "safe",
    ),
    Scenario(
        "too_long",
        'migrations.AlterField("customer", "nick", models.CharField(max_length=3, default="")),',
        "fails_pre",
        ("UPDATE shop_customer SET nick = 'long one' WHERE id = 1",),
        (("value-too-long", "customer.nick", 1),),
    ),
    Scenario(
        "too_long_clean",
        'migrations.AlterField("customer", "nick", models.CharField(max_length=3, default="")),',
        "safe",
    ),
    Scenario(
        "not_castable",
        'migrations.AlterField("customer", "code", models.IntegerField(null=True)),',
        "fails_pre",
        (
            "UPDATE shop_customer SET code = 'x' WHERE id IN (1, 2)",
            "UPDATE shop_customer SET code = '' WHERE id = 3",
        ),
        (("not-castable", "customer.code", 3),),
    ),
    Scenario(
        "castable", 'migrations.AlterField("customer", "code", models.IntegerField(null=True)),', "safe"
    ),
    Scenario(
        "integer_overflow",
        'migrations.AlterField("customer", "points", models.IntegerField(default=0)),',
        "fails_pre",
        ("UPDATE shop_customer SET points = 3000000000 WHERE id IN (1, 2)",),
        (("out-of-range", "customer.points", 2),),
    ),
    Scenario(
        "integer_fits", 'migrations.AlterField("customer", "points", models.IntegerField(default=0)),', "safe"
    ),
    Scenario(
        "decimal_overflow",
        'migrations.AlterField("customer", "balance", models.DecimalField(max_digits=6, decimal_places=4)),',
        "fails_pre",
        ("UPDATE shop_customer SET balance = 100 WHERE id = 1",),
        (("out-of-range", "customer.balance", 1),),
    ),
    Scenario(
        "no_default",
        'migrations.AddField("customer", "size", models.IntegerField()),',
        "fails_pre",
        (),
        (("no-default", "customer.size", 4),),
    ),
    Scenario(
        "no_default_empty_table",
        'migrations.AddField("tag", "size", models.IntegerField()),',
        "safe",
        ("DELETE FROM shop_tag",),
    ),
    Scenario(
        "with_default", 'migrations.AddField("customer", "size", models.IntegerField(default=3)),', "safe"
    ),
    Scenario(
        "view_in_the_way",
        'migrations.AlterField("customer", "nick", models.TextField(default="")),',
        "fails_pre",
        ("CREATE VIEW nicks AS SELECT nick FROM shop_customer",),
        (("view-in-the-way", "customer.nick", None),),
    ),
    Scenario(
        "view_of_another_column",
        'migrations.AlterField("customer", "nick", models.TextField(default="")),',
        "safe",
        ("CREATE VIEW names AS SELECT name FROM shop_customer",),
    ),
    Scenario(
        "table_already_there",
        'migrations.CreateModel("Box", fields=[("id", models.BigAutoField(primary_key=True))]),',
        "fails_pre",
        ("CREATE TABLE shop_box (id int)",),
        (("already-there", "box", None),),
    ),
    Scenario(
        "column_already_there",
        'migrations.AddField("customer", "size", models.IntegerField(null=True)),',
        "fails_pre",
        ("ALTER TABLE shop_customer ADD size int",),
        (("already-there", "customer.size", None),),
    ),
    Scenario(
        "index_already_there",
        'migrations.AddIndex("customer", models.Index(fields=["name"], name="by_name")),',
        "fails_pre",
        ("CREATE INDEX by_name ON shop_customer (name)",),
        (("already-there", "customer", None),),
    ),
    Scenario(
        "index_clean",
        'migrations.AddIndex("customer", models.Index(fields=["name"], name="by_name")),',
        "safe",
    ),
    Scenario(
        "concurrent_index",
        'postgres.AddIndexConcurrently("customer", models.Index(fields=["name"], name="by_name")),',
        "safe",
        atomic=False,
    ),
    Scenario(
        "concurrent_index_leftover",
        'postgres.AddIndexConcurrently("customer", models.Index(fields=["name"], name="by_name")),',
        "fails_pre",
        (
            "CREATE INDEX by_name ON shop_customer (name)",
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_name'::regclass",
        ),
        (("invalid-index", "customer", None),),
        atomic=False,
    ),
    Scenario(
        "validate_constraint",
        'postgres.ValidateConstraint("customer", "grown"),',
        "fails_pre",
        ("ALTER TABLE shop_customer ADD CONSTRAINT grown CHECK (age > 35) NOT VALID",),
        (("check-broken", "customer.age", 1),),
    ),
    Scenario(
        "raises",
        "migrations.RunPython(raise_it, migrations.RunPython.noop),",
        "fails_pre",
        (),
        (("migration-raises", "", None),),
        head="""
        def raise_it(apps, editor):
            raise ValueError("no")
        """,
    ),
    Scenario(
        "python_breaks_unique",
        "migrations.RunPython(rename, migrations.RunPython.noop),",
        "fails_pre",
        (),
        (("migration-raises", "tag.label", None),),
        head="""
        def rename(apps, editor):
            apps.get_model("shop", "Tag").objects.update(label="same")
        """,
    ),
)
