"""Several hazards at once, and what Django itself leaves out; each beside a way that is clean."""

from __future__ import annotations

from tests.rehearsal.scenarios.scenario import Scenario

SMALL = 'migrations.AlterField("order", "total", models.PositiveSmallIntegerField(default=0)),'
RATIO = """migrations.AddConstraint("order", models.CheckConstraint(
    condition=models.Q(total__lt=models.Value(1000) / models.F("total")), name="ratio")),"""
WORDS = """migrations.AddField("customer", "words",
    ArrayField(models.CharField(max_length=10), default=list)),
migrations.RunSQL("UPDATE shop_customer SET words = ARRAY[nick, bio]", ""),
migrations.AlterField("customer", "words", ArrayField(models.CharField(max_length={}), default=list)),"""
WORDS_HEAD = "from django.contrib.postgres.fields import ArrayField"
NUMBERS = 'migrations.AlterField("tag", "label", models.IntegerField(unique=True)),'
BOX = """migrations.CreateModel("Box", fields=[("id", models.BigAutoField(primary_key=True)),
    ("size", models.IntegerField())]),
migrations.RunSQL("INSERT INTO shop_box (size) SELECT age FROM shop_customer", ""),"""
NOT_NULL = 'migrations.AlterField("customer", "email", models.CharField(max_length=100)),'
CONCURRENTLY = """migrations.RunSQL("CREATE UNIQUE INDEX CONCURRENTLY one_name ON shop_customer (name)",
    "DROP INDEX CONCURRENTLY one_name"),"""

FILLED = """migrations.RunSQL("UPDATE shop_customer SET email = 'none' WHERE email IS NULL", ""),"""
NO_EMAIL = ("UPDATE shop_customer SET email = NULL WHERE id IN (1, 4)",)
RENAMED = """migrations.RunSQL("ALTER TABLE shop_customer RENAME nick TO handle",
    "ALTER TABLE shop_customer RENAME handle TO nick", state_operations=[{}]),"""

SCENARIOS = (
    Scenario(
        "nulls_filled_for_nothing",
        FILLED,
        "fails_post",
        NO_EMAIL,
        (("undeclared-change", "customer.email", 2),),
    ),
    Scenario("nulls_filled_for_not_null", f"{FILLED} {NOT_NULL}", "safe", NO_EMAIL),
    Scenario("renamed_behind_the_models", RENAMED.format(""), "fails_post"),
    Scenario(
        "renamed_before_the_models",
        RENAMED.format('migrations.RenameField("customer", "nick", "handle")'),
        "safe",
    ),
    Scenario(
        "too_large_and_negative",
        SMALL,
        "fails_pre",
        (
            "UPDATE shop_order SET total = 40000 WHERE id = 1",
            "UPDATE shop_order SET total = -5 WHERE id = 2",
        ),
        (("out-of-range", "order.total", 1), ("check-broken", "order.total", 1)),
    ),
    Scenario("small_and_positive", SMALL, "safe"),
    Scenario(
        "check_that_raises",
        RATIO,
        "fails_pre",
        (
            "UPDATE shop_order SET total = 0 WHERE id = 1",
            "UPDATE shop_order SET total = 900 WHERE id = 2",
        ),
        (("check-broken", "order.total", 2),),
    ),
    Scenario("check_that_raises_for_nobody", RATIO, "safe"),
    Scenario(
        "words_too_long",
        WORDS.format(4),
        "fails_pre",
        ("UPDATE shop_customer SET bio = 'abc' WHERE id = 1",),
        (("value-too-long", "customer.words", 3),),
        head=WORDS_HEAD,
    ),
    Scenario("words_that_fit", WORDS.format(5), "safe", head=WORDS_HEAD),
    Scenario(
        "unique_text_to_integer",
        NUMBERS,
        "safe",
        ("UPDATE shop_tag SET label = id::text",),
    ),
    Scenario(
        "unique_text_to_integer_twins",
        NUMBERS,
        "fails_pre",
        ("UPDATE shop_tag SET label = repeat('0', id::int) || '7'",),
        (("duplicate-rows", "tag.label", 2),),
    ),
    Scenario(
        "key_becomes_text", 'migrations.AlterField("tag", "id", models.CharField(primary_key=True)),', "safe"
    ),
    Scenario("rows_of_a_new_table", BOX, "safe", checks={"expect": {"row_delta": {"shop_box": 4}}}),
    Scenario(
        "too_few_rows_of_a_new_table",
        BOX,
        "fails_post",
        found=(("row-delta", "box", 4),),
        checks={"expect": {"row_delta": {"shop_box": 5}}},
    ),
    Scenario(
        "what_fails_cannot_be_allowed",
        NOT_NULL,
        "fails_pre",
        ("UPDATE shop_customer SET email = NULL WHERE id = 1",),
        (("null-rows", "customer.email", 1),),
        arguments=("shop", "0002", "--allow", "null-rows:shop_customer.email", "--reason", "never mind"),
    ),
    Scenario(
        "concurrent_unique_twins",
        CONCURRENTLY,
        "fails_pre",
        ("UPDATE shop_customer SET name = 'Ann' WHERE id IN (2, 3)",),
        (("duplicate-rows", "customer.name", 3),),
        atomic=False,
    ),
    Scenario("concurrent_unique", CONCURRENTLY, "safe", atomic=False),
)
