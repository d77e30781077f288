"""The view behind the unmanaged model KeeperName."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("zoo", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE VIEW zoo_keeper_name AS SELECT id, name FROM zoo_keeper",
            "DROP VIEW zoo_keeper_name",
        ),
    ]
