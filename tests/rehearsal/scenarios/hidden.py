"""Values that are rewritten beside a change of their column; what a query alone tells of the way back."""

from __future__ import annotations

from tests.rehearsal.scenarios.scenario import Scenario

RAISED = """migrations.RunSQL("UPDATE shop_order SET total = total + 100 WHERE id < 3",
    "UPDATE shop_order SET total = total - 100 WHERE id < 3"),"""
BIG = 'migrations.AlterField("order", "total", models.BigIntegerField(default=0)),'
WIDE = 'migrations.AlterField("customer", "name", models.CharField(max_length=60)),'
SHOUT = """migrations.RunSQL("UPDATE shop_customer SET name = upper(name) WHERE id < 3", ""),"""
MEND = """migrations.RunSQL("UPDATE shop_customer SET code = '0' WHERE code = 'n/a'", ""),"""
NUMBER = 'migrations.AlterField("customer", "code", models.IntegerField(null=True)),'
NO_NUMBER = ("UPDATE shop_customer SET code = 'n/a' WHERE id = 4",)
FILLED_ALL = """migrations.RunSQL("UPDATE shop_customer SET email = 'none'", ""),
migrations.AlterField("customer", "email", models.CharField(max_length=100)),"""
FINAL = 'migrations.RunSQL("SELECT 1"),'
PRE = ("shop", "0002", "--phase", "pre")

SCENARIOS = (
    Scenario(
        "raised_and_widened", RAISED + BIG, "fails_post", found=(("undeclared-change", "order.total", 2),)
    ),
    Scenario("widened", BIG + WIDE, "safe"),
    Scenario(
        "shouted_and_widened", SHOUT + WIDE, "fails_post", found=(("undeclared-change", "customer.name", 2),)
    ),
    Scenario(
        "shouted_and_widened_as_declared",
        SHOUT + WIDE,
        "safe",
        checks={"expect": {"changed_columns": ["shop_customer.name"]}},
    ),
    Scenario(
        "mended_and_converted",
        MEND + NUMBER,
        "fails_post",
        NO_NUMBER,
        (("undeclared-change", "customer.code", 1),),
    ),
    Scenario(
        "mended_and_converted_as_declared",
        MEND + NUMBER,
        "safe",
        NO_NUMBER,
        checks={"expect": {"changed_columns": ["shop_customer.code"]}},
    ),
    Scenario(
        "converted_by_another_rule",
        """migrations.RunSQL("ALTER TABLE shop_customer ALTER bio TYPE integer USING length(bio)",
            "ALTER TABLE shop_customer ALTER bio TYPE text USING repeat('short', bio / 5)",
            state_operations=[migrations.AlterField("customer", "bio", models.IntegerField())]),""",
        "safe",
    ),
    Scenario(
        "all_filled_not_only_nulls",
        FILLED_ALL,
        "fails_post",
        ("UPDATE shop_customer SET email = NULL WHERE id > 1",),
        (("undeclared-change", "customer.email", 1),),
    ),
    Scenario(
        "a_column_that_the_models_lack",
        'migrations.AddField("tag", "size", models.IntegerField(null=True)),',
        "safe",
        (
            "ALTER TABLE shop_tag ADD legacy text NOT NULL DEFAULT ''",
            "ALTER TABLE shop_tag ALTER legacy DROP DEFAULT",
        ),
    ),
    Scenario(
        "a_required_column_behind_the_models",
        """migrations.RunSQL("ALTER TABLE shop_tag ADD legacy text NOT NULL DEFAULT 'x';"
            "ALTER TABLE shop_tag ALTER legacy DROP DEFAULT", "ALTER TABLE shop_tag DROP legacy"),""",
        "fails_post",
    ),
    Scenario(
        "asks_a_question",
        """migrations.RunPython(lambda apps, editor: input("Go on? "), migrations.RunPython.noop),""",
        "fails_pre",
        found=(("migration-raises", "", None),),
    ),
    Scenario(
        "final_by_its_operations", FINAL, "irreversible", found=(("irreversible", "", None),), arguments=PRE
    ),
    Scenario(
        "defaults_come_back",
        'migrations.RemoveField("customer", "nick"), migrations.RemoveField("customer", "points"),',
        "safe",
        ("UPDATE shop_customer SET nick = '', points = 0",),
        arguments=PRE,
    ),
    Scenario(
        "others_do_not_come_back",
        'migrations.RemoveField("customer", "points"),',
        "data_loss",
        ("UPDATE shop_customer SET points = 0 WHERE id > 1",),
        (("values-dropped", "customer.points", 1),),
        arguments=PRE,
    ),
)
