"""Where there was one schedule for an organizer, it is the default."""

from django.db import migrations
from django.db.models import Min


def first_is_default(apps, schema_editor):
    Schedule = apps.get_model("bookings", "Schedule")
    firsts = Schedule.objects.order_by().values("organizer").annotate(first=Min("pk")).values_list("first", flat=True)
    Schedule.objects.filter(pk__in=list(firsts)).update(is_default=True)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0006_questions_schedules_days_off")]
    operations = [migrations.RunPython(first_is_default, migrations.RunPython.noop)]
