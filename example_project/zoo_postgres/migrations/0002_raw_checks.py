"""CHECKs that the model does not know."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("zoo_postgres", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE zoo_postgres_databaseknows
                ADD CONSTRAINT zoo_pg_raw_weight CHECK (weight BETWEEN 1 AND 900 AND weight % 3 = 0),
                ADD CONSTRAINT zoo_pg_raw_dates CHECK (closed_on IS NULL OR closed_on > opened_on)
            """,
            """
            ALTER TABLE zoo_postgres_databaseknows
                DROP CONSTRAINT zoo_pg_raw_weight,
                DROP CONSTRAINT zoo_pg_raw_dates
            """,
        ),
    ]
