"""``make demo ONCE=1``: what an organizer and an invitee would do, over HTTP alone, and whether it went right."""

from __future__ import annotations

import time

from integrations.sandbox.testing import Sandbox
from zinnect.demo import report
from zinnect.demo.people import InviteeInPerson, OrganizerInPerson
from zinnect.demo.verdict import faults_of_zoom, gather_when_told

INVITEE = "invitee@example.org"


def walk(base_url: str, sandbox: Sandbox, *, email: str, password: str, handle: str) -> list[str]:
    """Connect both accounts, book once, print what the sandbox holds; the list of what is wrong with it."""
    organizer = OrganizerInPerson(base_url)
    organizer.sign_in(email, password)
    for provider in ("google", "zoom"):
        organizer.connect(provider, sandbox)
        print(f"Connected {provider}.")
    invitee = InviteeInPerson(base_url)
    began = time.monotonic()
    booked = invitee.book(f"/{handle}/intro/", name="Sample Invitee", email=INVITEE, tz="America/New_York")
    print(f"Booked {booked.start} at {booked.url}")
    shown = invitee.wait_for(booked)
    print(f"The booking page shows {shown.join_url} after {time.monotonic() - began:.1f} s.\n")
    evidence = gather_when_told(sandbox, shown, invitee=INVITEE, organizer=email)
    print("\n".join(report.lines(evidence, shown)))
    return faults_of_zoom(evidence, shown)
