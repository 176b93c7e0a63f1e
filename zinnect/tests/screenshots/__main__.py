"""``make screenshots [ONLY=word]``: every page at three widths, light and dark, into screenshots/.

The product runs by itself, on a database of its own whose rows show every state, with providers that do not answer.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import django

from zinnect.demo.product import ROOT, manage
from zinnect.processes import Household
from zinnect.tests.browser import HOW, find_chromium
from zinnect.tests.screenshots.sites import Sites


def main() -> int:
    """Write the pictures; 1, and one line that says how to mend it, where there is no browser."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--only", default="", help="pages whose name has this in it")
    parser.add_argument("--into", type=Path, default=ROOT / "screenshots")
    options = parser.parse_args()
    program = find_chromium()
    if program is None:
        print(HOW, file=sys.stderr)
        return 1
    options.into.mkdir(parents=True, exist_ok=True)
    with Household() as household:
        sites = Sites(household)
        manage("migrate", env=sites.environment("plain"))
        _set_django_up(sites)
        # They need Django.
        from zinnect.tests.screenshots.camera import photograph
        from zinnect.tests.screenshots.scenes import scenes

        wanted = [scene for scene in scenes() if options.only in scene.name]
        count = photograph(wanted, sites, options.into, program=program)
    print(f"{count} pictures of {len(wanted)} pages are in {options.into}")
    return 0


def _set_django_up(sites: Sites) -> None:
    """On the database that the sites share, to fill it."""
    # Playwright's synchronous API keeps an event loop running in this thread.
    also = {"DJANGO_SETTINGS_MODULE": "zinnect.settings", "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
    os.environ.update(sites.environment("plain") | also)
    django.setup()


if __name__ == "__main__":
    sys.exit(main())
