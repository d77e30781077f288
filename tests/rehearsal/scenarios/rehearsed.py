"""What only running it shows: keys, threads, sessions, triggers, inheritance; harmless ones beside."""

from __future__ import annotations

from tests.rehearsal.scenarios.scenario import Scenario

PYTHON = "migrations.RunPython(forwards, migrations.RunPython.noop),"


def code(*lines: str) -> str:
    """A function ``forwards`` of these lines."""
    body = "\n    ".join(lines)
    return f"""
import os, threading, time, uuid
from django.db import connection, connections, transaction
from django.utils import timezone

def forwards(apps, editor):
    Customer = apps.get_model("shop", "Customer")
    Order = apps.get_model("shop", "Order")
    {body}
"""


ONE_TO_ONE = """migrations.AlterField("order", "customer",
    models.OneToOneField("shop.Customer", models.CASCADE)),"""
BIG_KEYS = """migrations.AlterField("tag", "id", models.{}(primary_key=True)),"""
CHILD = """
migrations.CreateModel("Vip", fields=[
    ("customer_ptr", models.OneToOneField("shop.Customer", models.CASCADE, parent_link=True,
        primary_key=True)),
    ("level", models.IntegerField(default=1)),
], bases=("shop.customer",)),
"""

SCENARIOS = (
    # keys and relations
    Scenario("key_to_integer", BIG_KEYS.format("AutoField"), "safe"),
    Scenario(
        "key_to_small_integer_overflows",
        BIG_KEYS.format("SmallAutoField"),
        "fails_pre",
        ("INSERT INTO shop_tag (id, label) VALUES (40000, 'big')",),
    ),
    Scenario("key_to_uuid", BIG_KEYS.format("UUIDField"), "fails_pre"),
    Scenario(
        "foreign_key_to_one_to_one",
        ONE_TO_ONE,
        "fails_pre",
    ),
    Scenario(
        "foreign_key_to_one_to_one_clean",
        ONE_TO_ONE,
        "safe",
        ("DELETE FROM shop_order WHERE id = 3",),
    ),
    Scenario(
        "foreign_key_to_many",
        """migrations.AddField("order", "customers",
            models.ManyToManyField("shop.Customer", related_name="+")),
        migrations.RunPython(forwards, migrations.RunPython.noop),
        migrations.RemoveField("order", "customer"),""",
        "data_loss",
        head=code("for order in Order.objects.all():", "    order.customers.add(order.customer_id)"),
    ),
    Scenario(
        "inheriting_model",
        CHILD,
        "safe",
    ),
    Scenario(
        "order_with_respect_to",
        """migrations.AlterOrderWithRespectTo("order", "customer"),""",
        "safe",
    ),
    Scenario(
        "key_column_renamed",
        """migrations.RenameField("tag", "id", "number"),""",
        "safe",
    ),
    Scenario(
        "table_renamed",
        """migrations.AlterModelTable("tag", "labels"),""",
        "safe",
    ),
    Scenario(
        "rows_copied_to_a_new_table_and_back",
        """migrations.CreateModel("Label", fields=[("id", models.BigAutoField(primary_key=True)),
            ("text", models.CharField(max_length=20))]),
        migrations.RunSQL("INSERT INTO shop_label (text) SELECT label FROM shop_tag ORDER BY id",
            "INSERT INTO shop_tag (label) SELECT text FROM shop_label ORDER BY id"),
        migrations.DeleteModel("Tag"),""",
        "safe",
    ),
    Scenario(
        "rows_copied_with_other_keys",
        """migrations.CreateModel("Label", fields=[("id", models.BigAutoField(primary_key=True)),
            ("text", models.CharField(max_length=20))]),
        migrations.RunSQL("INSERT INTO shop_label (text) SELECT label FROM shop_tag WHERE label <> 'red'",
            "INSERT INTO shop_tag (label) SELECT text FROM shop_label"),
        migrations.DeleteModel("Tag"),""",
        "data_loss",
    ),
    # code
    Scenario(
        "new_unique_column_filled_one_by_one",
        """migrations.AddField("tag", "token", models.UUIDField(null=True)),
        migrations.RunPython(forwards, migrations.RunPython.noop),
        migrations.AlterField("tag", "token", models.UUIDField(unique=True, default=uuid.uuid4)),""",
        "safe",
        head=code(
            "for tag in apps.get_model('shop', 'Tag').objects.all():",
            "    tag.token = uuid.uuid4(); tag.save()",
        ),
    ),
    Scenario(
        "new_unique_column_with_one_default_for_all",
        """migrations.AddField("tag", "token", models.UUIDField(unique=True, default=uuid.uuid4)),""",
        "fails_pre",
        head=code("pass"),
    ),
    Scenario(
        "time_of_now_in_a_new_column",
        """migrations.AddField("order", "made", models.DateTimeField(default=timezone.now)),
        migrations.RunSQL("UPDATE shop_order SET made = clock_timestamp()", ""),""",
        "safe",
        head=code("pass"),
    ),
    Scenario(
        "random_values_in_a_new_column",
        """migrations.AddField("order", "lot", models.FloatField(default=0)),
        migrations.RunSQL("UPDATE shop_order SET lot = random()", ""),""",
        "safe",
    ),
    Scenario("saves_without_changing", PYTHON, "safe", head=code("for o in Order.objects.all(): o.save()")),
    Scenario(
        "writes_by_a_thread",
        PYTHON,
        "fails_post",
        found=(("undeclared-change", "order.total", 3),),
        head=code(
            "def write():",
            "    with connection.cursor() as cursor:",
            "        cursor.execute('UPDATE shop_order SET total = total + 1')",
            "    connection.close()",
            "thread = threading.Thread(target=write); thread.start(); thread.join()",
        ),
    ),
    Scenario(
        "writes_by_a_session_of_its_own",
        PYTHON,
        "fails_post",
        found=(("undeclared-change", "order.total", 3),),
        head=code(
            "params = connection.get_connection_params()",
            "for name in ('cursor_factory', 'context'): params.pop(name, None)",
            "raw = connection.Database.connect(**params)",
            "raw.execute('UPDATE shop_order SET total = total + 1'); raw.commit(); raw.close()",
        ),
    ),
    Scenario(
        "bulk_update_of_some",
        PYTHON,
        "fails_post",
        found=(("undeclared-change", "customer.points", 2),),
        head=code("Customer.objects.filter(age__gt=40).update(points=0)"),
    ),
    Scenario(
        "fills_nulls_of_an_old_column",
        PYTHON,
        "fails_post",
        ("UPDATE shop_customer SET email = NULL WHERE id = 3",),
        (("undeclared-change", "customer.email", 1),),
        code("Customer.objects.filter(email=None).update(email='none')"),
    ),
    Scenario(
        "deletes_in_cascade",
        PYTHON,
        "data_loss",
        found=(("rows-lost", "customer", 1), ("rows-lost", "order", 2)),
        head=code("Customer.objects.filter(name='Bob').delete()"),
    ),
    Scenario(
        "changes_and_changes_back",
        """migrations.RunSQL("UPDATE shop_order SET total = total + 1",
            "UPDATE shop_order SET total = total - 1"),
        migrations.RunSQL("UPDATE shop_order SET total = total - 1",
            "UPDATE shop_order SET total = total + 1"),""",
        "safe",
    ),
    Scenario(
        "declared_change_with_a_right_reverse",
        """migrations.RunSQL("UPDATE shop_order SET total = total * 100",
            "UPDATE shop_order SET total = total / 100"),""",
        "safe",
        checks={"expect": {"changed_columns": ["shop_order.total"]}},
    ),
    Scenario(
        "declared_change_with_a_wrong_reverse",
        """migrations.RunSQL("UPDATE shop_order SET total = total * 100",
            "UPDATE shop_order SET total = total / 10"),""",
        "rollback_mismatch",
        checks={"expect": {"changed_columns": ["shop_order.total"]}},
    ),
    Scenario("hangs", PYTHON, "none", head=code("time.sleep(60)"), arguments=("shop", "2", "--timeout", "3")),
    Scenario("ends_its_process", PYTHON, "fails_pre", head=code("os._exit(3)")),
    Scenario(
        "ends_its_session",
        PYTHON,
        "fails_pre",
        head=code("editor.execute('SELECT pg_terminate_backend(pg_backend_pid())')"),
    ),
    Scenario(
        "asks_the_network",
        PYTHON,
        "none",
        head=code("import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')"),
    ),
    # what the database does by itself
    Scenario(
        "a_trigger_changes_other_rows",
        """migrations.AddField("order", "paid", models.BooleanField(default=False)),
        migrations.RunSQL("UPDATE shop_order SET paid = true", ""),""",
        "fails_post",
        (
            "CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN UPDATE shop_customer SET points = points + 1 WHERE id = NEW.customer_id; "
            "RETURN NEW; END$$",
            "CREATE TRIGGER bump AFTER UPDATE ON shop_order FOR EACH ROW EXECUTE FUNCTION bump()",
        ),
        (("undeclared-change", "customer.points", 2),),
    ),
    Scenario(
        "a_trigger_that_stays_quiet",
        """migrations.AddField("order", "paid", models.BooleanField(default=False)),""",
        "safe",
        (
            "CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN UPDATE shop_customer SET points = points + 1 WHERE id = NEW.customer_id; "
            "RETURN NEW; END$$",
            "CREATE TRIGGER bump AFTER UPDATE ON shop_order FOR EACH ROW EXECUTE FUNCTION bump()",
        ),
    ),
    Scenario(
        "a_trigger_refuses_the_backfill",
        """migrations.AddField("order", "paid", models.BooleanField(default=False)),
        migrations.RunSQL("UPDATE shop_order SET paid = true", ""),""",
        "fails_pre",
        (
            "CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'orders are frozen'; END$$",
            "CREATE TRIGGER frozen BEFORE UPDATE ON shop_order FOR EACH ROW EXECUTE FUNCTION frozen()",
        ),
    ),
    Scenario(
        "pending_trigger_events",
        """migrations.RunSQL("UPDATE shop_order SET customer_id = 1 WHERE id = 1", ""),
        migrations.RunSQL("INSERT INTO shop_order (customer_id, total, note) VALUES (1, 1, '')",
            "DELETE FROM shop_order WHERE id > 3"),
        migrations.AddField("order", "extra", models.IntegerField(default=0)),""",
        "fails_pre",
        found=(("events-pending", "", None),),
    ),
    Scenario(
        "generated_column_divides_by_zero",
        """migrations.AddField("order", "share", models.GeneratedField(
            expression=100 / models.F("total"), output_field=models.IntegerField(), db_persist=True)),""",
        "fails_pre",
        ("UPDATE shop_order SET total = 0 WHERE id = 2",),
    ),
    Scenario(
        "generated_column_divides",
        """migrations.AddField("order", "share", models.GeneratedField(
            expression=100 / models.F("total"), output_field=models.IntegerField(), db_persist=True)),""",
        "safe",
    ),
    # not in one transaction
    Scenario(
        "batches_without_a_transaction",
        """migrations.AddField("order", "cents", models.IntegerField(null=True)),
        migrations.RunPython(forwards, migrations.RunPython.noop),""",
        "safe",
        head=code(
            "for start in range(0, 10, 2):",
            "    with transaction.atomic():",
            "        some = Order.objects.filter(id__gt=start, id__lte=start + 2)",
            "        some.update(cents=models.F('total') * 100)",
        ),
        atomic=False,
    ),
    Scenario(
        "concurrent_index_without_a_transaction",
        """postgres.AddIndexConcurrently("order", models.Index(fields=["total"], name="by_total")),""",
        "safe",
        atomic=False,
    ),
    Scenario(
        "concurrent_index_inside_a_transaction",
        """postgres.AddIndexConcurrently("order", models.Index(fields=["total"], name="by_total")),""",
        "fails_pre",
    ),
    Scenario(
        "fails_in_the_middle_without_a_transaction",
        """migrations.AddField("order", "cents", models.IntegerField(null=True)),
        migrations.RunPython(forwards, migrations.RunPython.noop),""",
        "fails_pre",
        head=code("raise ValueError('half-way')"),
        atomic=False,
    ),
    # the way back
    Scenario(
        "reverse_refused_by_rows",
        """migrations.AlterField("customer", "name", models.CharField(max_length=50, null=True)),
        migrations.RunSQL("UPDATE shop_customer SET name = NULL WHERE nick = 'bo'", ""),""",
        "irreversible",
        checks={"expect": {"changed_columns": ["shop_customer.name"]}},
    ),
    Scenario(
        "reverse_fills_what_was_there_with_the_default",
        """migrations.AlterField("customer", "nick", models.CharField(max_length=30, null=True)),
        migrations.RunSQL("UPDATE shop_customer SET nick = NULL WHERE nick = 'bo'", ""),""",
        "rollback_mismatch",
        checks={"expect": {"changed_columns": ["shop_customer.nick"]}},
    ),
    Scenario(
        "widened_and_unused",
        """migrations.AlterField("customer", "nick", models.CharField(max_length=60, null=True)),""",
        "safe",
    ),
    Scenario(
        "cannot_be_applied_twice",
        """migrations.RunSQL("CREATE TABLE shop_own (id int)", ""),""",
        "rollback_mismatch",
    ),
)
