"""How ``gunicorn zinnect.wsgi`` serves; gunicorn reads this file by its name. The command line goes before it."""

import os

from zinnect import logs

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
# A request may wait 1.5 seconds for Google's busy times and 0.3 for Redis; nothing may take a minute.
timeout = 60
graceful_timeout = 30
# Nobody steers it by a socket, and its user may have no home to put one in.
control_socket_disable = True
# Its own lines in the form of all others. No access log: paths hold invitees' tokens; `request_finished` tells routes.
logconfig_dict = logs.configuration(
    level=os.environ.get("LOG_LEVEL", "INFO"), readable=os.environ.get("DEBUG", "") in ("1", "True", "true")
)
logconfig_dict["loggers"]["gunicorn.error"] = {"level": "INFO", "handlers": [], "propagate": True}
