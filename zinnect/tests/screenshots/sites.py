"""The product, started as often as the pages need it: as in production, for developers, and with strict limits."""

from __future__ import annotations

from zinnect.demo.environment import isolated
from zinnect.demo.product import ROOT, Product
from zinnect.processes import Household, free_port

APPS = {
    f"{provider}_CLIENT_{part}": f"{provider.lower()}-app"
    for provider in ("ZOOM", "GOOGLE")
    for part in ("ID", "SECRET")
}
CHANGES = {
    "plain": {**APPS, "RATE_LIMITS": "off", "ALLOWED_HOSTS": "localhost"},
    # With nothing configured, and the pages that only developers see.
    "debug": {"RATE_LIMITS": "off", "DEBUG": "1"},
    "strict": {**APPS, "SIGNUP_OPEN": "0"},
}


class Sites:
    """Starts each site when it is first asked for; all share one database."""

    def __init__(self, household: Household) -> None:
        (ROOT / "data").mkdir(exist_ok=True)
        self.household = household
        self.folder = household.folder(inside=ROOT / "data", prefix="screenshots-")
        self.origins: dict[str, str] = {}

    def environment(self, name: str, *, base_url: str = "http://localhost:8000") -> dict[str, str]:
        """What a site's processes run in."""
        database = f"sqlite:///{self.folder / 'pages.sqlite3'}"
        return isolated(DATABASE_URL=database, PROVIDER_TIMEOUT_SECONDS="1", BASE_URL=base_url, **CHANGES[name])

    def origin(self, name: str) -> str:
        """``http://localhost:<port>`` of a site that answers."""
        if name not in self.origins:
            port = free_port()
            self.origins[name] = f"http://localhost:{port}"
            folder = self.folder / name
            folder.mkdir()
            Product(self.household, folder, self.environment(name, base_url=self.origins[name])).web(port, workers=1)
        return self.origins[name]
