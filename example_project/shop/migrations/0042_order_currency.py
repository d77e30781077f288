"""Orders get a currency: that which their user preferred."""

import django.core.validators
from django.db import migrations, models

CODE = django.core.validators.RegexValidator("^[A-Z]{3}\\Z", "Enter a three-letter ISO 4217 code.")

BACKFILL = """
    UPDATE shop_order SET currency = shop_user.preferred_currency
    FROM shop_user WHERE shop_user.id = shop_order.user_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE shop_order ADD COLUMN currency varchar(3) NULL",
                    reverse_sql="ALTER TABLE shop_order DROP COLUMN currency",
                ),
            ],
            state_operations=[
                migrations.AddField(
                    model_name="order",
                    name="currency",
                    field=models.CharField(max_length=3, null=True, validators=[CODE]),
                ),
            ],
        ),
        migrations.RunSQL(BACKFILL, reverse_sql=migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="order",
            name="currency",
            field=models.CharField(max_length=3, validators=[CODE]),
        ),
    ]
