"""Migrations that are applied: some falsify, lose, or cannot come back; each beside one that does not."""

from __future__ import annotations

from tests.rehearsal.scenarios.scenario import Scenario

UPPER = """migrations.RunSQL("UPDATE shop_customer SET name = upper(name)", ""),"""
SPLIT_HEAD = """
def split(apps, editor):
    for one in apps.get_model("shop", "Customer").objects.all():
        one.first = one.nick[:1]
        one.rest = one.nick[1:]
        one.save()

def join(apps, editor):
    for one in apps.get_model("shop", "Customer").objects.all():
        one.nick = one.first + one.rest
        one.save()

def join_wrong(apps, editor):
    for one in apps.get_model("shop", "Customer").objects.all():
        one.nick = one.rest + one.first
        one.save()
"""
SPLIT = """
migrations.AddField("customer", "first", models.CharField(max_length=50, default="")),
migrations.AddField("customer", "rest", models.CharField(max_length=50, default="")),
migrations.RunPython(split, {back}),
migrations.RemoveField("customer", "nick"),
"""

SCENARIOS = (
    Scenario("undeclared_update", UPPER, "fails_post", (), (("undeclared-change", "customer.name", 4),)),
    Scenario(
        "declared_update",
        UPPER,
        "safe",
        checks={"expect": {"changed_columns": ["shop_customer.name"]}},
    ),
    Scenario(
        "undeclared_delete",
        """migrations.RunSQL("DELETE FROM shop_order WHERE total = 5", ""),""",
        "data_loss",
        (),
        (("rows-lost", "order", 1),),
    ),
    Scenario(
        "declared_delete",
        """migrations.RunSQL("DELETE FROM shop_order WHERE total = 5", ""),""",
        "safe",
        checks={"expect": {"row_delta": {"shop_order": -1}}},
    ),
    Scenario(
        "wrong_row_delta",
        """migrations.RunSQL("DELETE FROM shop_order WHERE total > 5", ""),""",
        "fails_post",
        (),
        (("row-delta", "order", 2),),
        checks={"expect": {"row_delta": {"shop_order": -1}}},
    ),
    Scenario(
        "undeclared_insert",
        """migrations.RunSQL("INSERT INTO shop_tag (label) VALUES ('green')",
            "DELETE FROM shop_tag WHERE label = 'green'"),""",
        "fails_post",
        (),
        (("undeclared-rows", "tag", 1),),
    ),
    Scenario(
        "declared_insert",
        """migrations.RunSQL("INSERT INTO shop_tag (label) VALUES ('green')",
            "DELETE FROM shop_tag WHERE label = 'green'"),""",
        "safe",
        checks={"expect": {"row_delta": {"shop_tag": 1}}},
    ),
    Scenario(
        "remove_field",
        'migrations.RemoveField("customer", "bio"),',
        "data_loss",
        (),
        (("values-lost", "customer.bio", 4),),
    ),
    Scenario(
        "remove_empty_field",
        'migrations.RemoveField("customer", "bio"),',
        "safe",
        ("UPDATE shop_customer SET bio = ''",),
    ),
    Scenario(
        "remove_null_field",
        'migrations.RemoveField("customer", "email"),',
        "safe",
        ("UPDATE shop_customer SET email = NULL",),
    ),
    Scenario(
        "remove_not_null_integer",
        'migrations.RemoveField("order", "total"),',
        "data_loss",
    ),
    Scenario("delete_model", 'migrations.DeleteModel("Tag"),', "data_loss", (), (("rows-lost", "tag", 2),)),
    Scenario("delete_empty_model", 'migrations.DeleteModel("Tag"),', "safe", ("DELETE FROM shop_tag",)),
    Scenario(
        "truncates",
        'migrations.AlterField("customer", "bio", models.CharField(max_length=4, default="")),',
        "data_loss",
        (),
        (("values-lost", "customer.bio", 4),),
    ),
    Scenario(
        "truncates_nothing",
        'migrations.AlterField("customer", "bio", models.CharField(max_length=5, default="")),',
        "safe",
    ),
    Scenario(
        "loses_digits",
        'migrations.AlterField("customer", "balance", models.DecimalField(max_digits=12, decimal_places=1)),',
        "data_loss",
        (),
        (("values-lost", "customer.balance", 1),),
    ),
    Scenario(
        "loses_no_digits",
        'migrations.AlterField("customer", "balance", models.DecimalField(max_digits=12, decimal_places=2)),',
        "safe",
    ),
    Scenario(
        "leading_zeros",
        'migrations.AlterField("customer", "code", models.IntegerField(null=True)),',
        "data_loss",
        ("UPDATE shop_customer SET code = '007' WHERE id = 2",),
        (("values-lost", "customer.code", 1),),
    ),
    Scenario(
        "time_cut",
        'migrations.AlterField("customer", "born", models.DateField(null=True)),',
        "data_loss",
        ("UPDATE shop_customer SET born = '2001-01-01 12:30+00' WHERE id = 2",),
        (("values-lost", "customer.born", 1),),
    ),
    Scenario(
        "choice_removed",
        """migrations.AlterField("customer", "status", models.CharField(max_length=10, default="new",
            choices=[("new", "new"), ("gone", "gone")])),""",
        "fails_post",
        (),
        (("choice-removed", "customer.status", 2),),
    ),
    Scenario(
        "choice_removed_unused",
        """migrations.AlterField("customer", "status", models.CharField(max_length=10, default="new",
            choices=[("new", "new"), ("old", "old")])),""",
        "safe",
    ),
    Scenario("rename_field", 'migrations.RenameField("customer", "name", "title"),', "safe"),
    Scenario("rename_model", 'migrations.RenameModel("Tag", "Label"),', "safe"),
    Scenario("rename_referred_model", 'migrations.RenameModel("Customer", "Client"),', "safe"),
    Scenario(
        "renamed_as_drop_and_add",
        """migrations.RemoveField("customer", "bio"),
        migrations.AddField("customer", "life", models.TextField(default="")),""",
        "data_loss",
        (),
        (("values-lost", "customer.bio", 4),),
    ),
    Scenario("split_and_join", SPLIT.format(back="join"), "safe", head=SPLIT_HEAD),
    Scenario("split_join_wrong", SPLIT.format(back="join_wrong"), "rollback_mismatch", head=SPLIT_HEAD),
    Scenario("split_no_join", SPLIT.format(back="migrations.RunPython.noop"), "data_loss", head=SPLIT_HEAD),
    Scenario(
        "irreversible_python",
        "migrations.RunPython(nothing),",
        "irreversible",
        head="def nothing(apps, editor): pass",
    ),
    Scenario(
        "irreversible_sql",
        'migrations.RunSQL("CREATE INDEX by_nick ON shop_customer (nick)"),',
        "irreversible",
    ),
    Scenario(
        "reverse_forgets_index",
        'migrations.RunSQL("CREATE INDEX by_nick ON shop_customer (nick)", ""),',
        "rollback_mismatch",
    ),
    Scenario(
        "reversible_sql",
        'migrations.RunSQL("CREATE INDEX by_nick ON shop_customer (nick)", "DROP INDEX by_nick"),',
        "safe",
    ),
    Scenario(
        "reverse_raises",
        "migrations.RunPython(migrations.RunPython.noop, raise_it),",
        "irreversible",
        head="def raise_it(apps, editor): raise ValueError('no way back')",
    ),
    Scenario(
        "new_table",
        """migrations.CreateModel("Box", fields=[("id", models.BigAutoField(primary_key=True)),
            ("size", models.IntegerField()),
            ("owner", models.ForeignKey("shop.Customer", models.CASCADE))]),""",
        "safe",
    ),
    Scenario(
        "new_table_filled",
        """migrations.CreateModel("Box", fields=[("id", models.BigAutoField(primary_key=True)),
            ("size", models.IntegerField())]),
        migrations.RunSQL("INSERT INTO shop_box (size) SELECT age FROM shop_customer", ""),""",
        "safe",
    ),
    Scenario(
        "new_table_sequence_behind",
        """migrations.CreateModel("Box", fields=[("id", models.BigAutoField(primary_key=True)),
            ("size", models.IntegerField())]),
        migrations.RunSQL("INSERT INTO shop_box (id, size) VALUES (1, 1), (2, 2)", ""),""",
        "fails_post",
        (),
        (("sequence-behind", "box.id", None),),
    ),
    Scenario(
        "many_to_many",
        'migrations.AddField("order", "tags", models.ManyToManyField("shop.Tag")),',
        "safe",
    ),
    Scenario(
        "state_only_field",
        """migrations.SeparateDatabaseAndState(state_operations=[
            migrations.AddField("customer", "ghost", models.IntegerField(null=True))]),""",
        "fails_post",
    ),
    Scenario(
        "state_and_database",
        """migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL("ALTER TABLE shop_customer ADD ghost integer",
                "ALTER TABLE shop_customer DROP ghost")],
            state_operations=[migrations.AddField("customer", "ghost", models.IntegerField(null=True))]),""",
        "safe",
    ),
    Scenario(
        "not_valid_left",
        """postgres.AddConstraintNotValid("customer",
            models.CheckConstraint(condition=models.Q(age__gte=1), name="grown")),""",
        "fails_post",
    ),
    Scenario(
        "not_valid_then_validated",
        """postgres.AddConstraintNotValid("customer",
            models.CheckConstraint(condition=models.Q(age__gte=1), name="grown")),
        postgres.ValidateConstraint("customer", "grown"),""",
        "safe",
    ),
    Scenario(
        "not_valid_then_validated_broken",
        """postgres.AddConstraintNotValid("customer",
            models.CheckConstraint(condition=models.Q(age__gte=35), name="grown")),
        postgres.ValidateConstraint("customer", "grown"),""",
        "fails_pre",
        (),
        (("check-broken", "customer.age", 1),),
    ),
    Scenario(
        "view_dropped_silently",
        'migrations.RemoveField("customer", "bio"),',
        "fails_post",
        ("UPDATE shop_customer SET bio = ''", "CREATE VIEW bios AS SELECT bio FROM shop_customer"),
    ),
    Scenario(
        "own_post_check",
        'migrations.AddField("customer", "currency", models.CharField(max_length=3, default="EUR")),',
        "fails_post",
        (),
        (("own-post-check", "", 4),),
        checks={"post": [{"name": "dollars", "sql": "SELECT id FROM shop_customer WHERE currency <> 'USD'"}]},
    ),
    Scenario(
        "own_pre_check",
        'migrations.AddField("customer", "currency", models.CharField(max_length=3, default="EUR")),',
        "fails_pre",
        (),
        (("own-pre-check", "", 2),),
        checks={"pre": [{"name": "young", "sql": "SELECT id FROM shop_customer WHERE age > 40;"}]},
    ),
    Scenario(
        "own_checks_hold",
        'migrations.AddField("customer", "currency", models.CharField(max_length=3, default="EUR")),',
        "safe",
        checks={"post": [{"name": "euros", "sql": "SELECT id FROM shop_customer WHERE currency <> 'EUR'"}]},
    ),
    Scenario(
        "bad_checks",
        UPPER,
        "none",
        checks={"expect": {"changed_columns": ["shop_nothing.name"]}},
    ),
    Scenario(
        "bad_check_sql",
        UPPER,
        "none",
        checks={"post": [{"name": "x", "sql": "SELECT nothing FROM nowhere"}]},
    ),
    Scenario("unknown", UPPER, "none", arguments=("shop", "0099")),
    Scenario("already_applied", UPPER, "none", arguments=("shop", "0001")),
    Scenario(
        "number_alone", 'migrations.RenameField("customer", "name", "title"),', "safe", arguments=("2",)
    ),
    Scenario(
        "parents",
        'migrations.AddField("customer", "size", models.IntegerField(null=True)),',
        "fails_pre",
        found=(("null-rows", "customer.size", 4),),
        more=(("0003_more", 'migrations.AlterField("customer", "size", models.IntegerField()),'),),
        arguments=("shop", "0003"),
    ),
    Scenario(
        "wrong_join",
        """migrations.AddField("order", "payer", models.CharField(max_length=50, null=True)),
        migrations.RunSQL("UPDATE shop_order o SET payer = name FROM shop_customer c WHERE c.id = o.id", ""),
        migrations.AlterField("order", "payer", models.CharField(max_length=50)),""",
        "fails_post",
        (),
        (("own-post-check", "", 1),),
        checks={
            "post": [
                {
                    "name": "payer is the customer",
                    "sql": "SELECT o.id FROM shop_order o JOIN shop_customer c ON c.id = o.customer_id"
                    " WHERE o.payer IS DISTINCT FROM c.name",
                }
            ]
        },
    ),
    Scenario(
        "auto_now_side_effect",
        """migrations.AlterField("customer", "born", models.DateTimeField(auto_now=True, null=True)),
        migrations.RunPython(touch, migrations.RunPython.noop),""",
        "fails_post",
        (),
        (("undeclared-change", "customer.born", 4),),
        head="""
        def touch(apps, editor):
            for one in apps.get_model("shop", "Customer").objects.all():
                one.save()
        """,
    ),
)
