from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """What reads rows: NOT NULL, a narrower number, a shorter text, a CHECK, a unique."""

    dependencies = [("warehouse", "0001_initial")]
    operations = [
        migrations.AlterField("parcel", "sender", models.CharField(max_length=40)),
        migrations.AlterField("parcel", "size", models.IntegerField()),
        migrations.AlterField("parcel", "label", models.CharField(max_length=400)),
        migrations.AddConstraint(
            "parcel", models.CheckConstraint(condition=Q(weight__gte=0), name="warehouse_weight")
        ),
        migrations.AddConstraint("parcel", models.UniqueConstraint(fields=["code"], name="warehouse_code")),
    ]
