from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Parcel",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("code", models.CharField(max_length=20)),
                ("sender", models.CharField(max_length=40, null=True)),
                ("weight", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
                ("label", models.TextField()),
            ],
        ),
    ]
