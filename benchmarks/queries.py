"""``python -m benchmarks.queries``: books once by the form, in this process, and prints how many queries that took."""

from __future__ import annotations

import os


def main() -> None:
    """As an invitee does it: by the form of a free time, from POST to answer."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zinnect.settings")
    django.setup()
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from benchmarks.booking import form_key, next_month

    client, (first, last) = Client(SERVER_NAME="localhost"), next_month()
    path = "/bench-1/intro/"
    slots = client.get(f"{path}slots.json", {"start": first, "end": last}).json()["slots"]

    def queries_of(slot: str) -> int:
        key = form_key(client.get(path, {"slot": slot}).content)
        fields = {"slot": slot, "tz": "Europe/Berlin", "name": "Ida", "email": "ida@example.org", "website": ""}
        with CaptureQueriesContext(connection) as captured:
            answer = client.post(path, {**fields, "form_key": key})
        assert answer.status_code == 303, answer.content
        return sum(not query["sql"].startswith(("BEGIN", "COMMIT")) for query in captured.captured_queries)

    queries_of(slots[-4])  # the first of a minute also notes that the calendar answers: the second counts
    print(queries_of(slots[-1]))


if __name__ == "__main__":
    main()
