"""``python -m zinnect.demo [--once | --own-environment]``: what ``make demo`` and ``make run`` start."""

from __future__ import annotations

import argparse
import sys

from zinnect.demo.people import Refused
from zinnect.demo.product import CommandFailed
from zinnect.demo.supervisor import Ended, demo, development, stop_on_signals
from zinnect.processes import DidNotStart
from zinnect.servers import ServerMissing


def main() -> int:
    """Run until Ctrl-C, or to the end of the walk; 0 when all went well."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="book once, show what happened, end")
    parser.add_argument("--own-environment", action="store_true", help="development servers with your own .env")
    options = parser.parse_args()
    stop_on_signals()
    try:
        return development() if options.own_environment else demo(once=options.once)
    except KeyboardInterrupt:
        print("\nEnded.")
        return 0
    except (ServerMissing, DidNotStart, CommandFailed, Ended, Refused, LookupError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
