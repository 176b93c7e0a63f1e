"""The browser that tests drive. ``python -m zinnect.tests.browser`` makes sure that there is one: `make test` does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ON_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
PLAYWRIGHTS = (
    (Path.home() / ".cache/ms-playwright", "chromium-*/chrome-linux*/chrome"),
    (Path.home() / "Library/Caches/ms-playwright", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*"),
)
HOW = "No Chromium: apt-get install chromium (or brew install --cask chromium), or set CHROMIUM to its path."


def find_chromium() -> str | None:
    """The path of ``CHROMIUM``, of a Chromium or Chrome of the machine, or of one that Playwright installed."""
    if named := os.environ.get("CHROMIUM"):
        return named
    for name in NAMES:
        # Ubuntu's package is a stub that wants snap, which containers do not have.
        if (found := shutil.which(name)) and not Path(found).resolve().is_relative_to("/snap"):
            return found
    installed = [path for folder, pattern in PLAYWRIGHTS for path in sorted(folder.glob(pattern))]
    return ON_MAC if Path(ON_MAC).exists() else str(installed[-1]) if installed else None


def _commands() -> list[list[str]]:
    """What may bring a browser here, best first."""
    root_on_debian = os.geteuid() == 0 and shutil.which("apt-get")
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    if not root_on_debian:
        return [playwright]
    is_debian = "ID=debian" in Path("/etc/os-release").read_text()
    apt = [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]]
    return apt if is_debian else [[*playwright, "--with-deps"]]


def main() -> int:
    """Find or install a browser; 1, and one line that says how to, where neither works."""
    if find_chromium():
        return 0
    print("Installing Chromium for the browser tests ...", flush=True)
    for command in _commands():
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
            break
    if find_chromium():
        return 0
    print(HOW, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
