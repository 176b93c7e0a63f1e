"""The one settings file: everything that differs between machines comes from the environment (.env.example)."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from zinnect import logs

# Makes Django's generic classes subscriptable at run time, as their type stubs say that they are.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").exists():
    environ.Env.read_env(BASE_DIR / ".env")

# --- The machine -----------------------------------------------------------------------------------------------------

DEVELOPMENT_SECRET_KEY = "development-only-never-use-this-in-production"  # noqa: S105  # nosec B105
# Both for development alone, and refused when DEBUG is off.
DEVELOPMENT_ENCRYPTION_KEY = "ZGV2ZWxvcG1lbnQtb25seS1ub3QtYS1zZWNyZXQtISE="  # nosec B105

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_SECRET_KEY if DEBUG else "")
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[DEVELOPMENT_ENCRYPTION_KEY] if DEBUG else [])
BASE_URL = env.str("BASE_URL", default="http://localhost:8000").rstrip("/")
_base = urlsplit(BASE_URL)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_base.hostname or "localhost"])
CSRF_TRUSTED_ORIGINS = [BASE_URL]
ROOT_URLCONF = "zinnect.urls"
WSGI_APPLICATION = "zinnect.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = True

# --- Database and cache ----------------------------------------------------------------------------------------------

(BASE_DIR / "data").mkdir(exist_ok=True)
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'data' / 'zinnect.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction that will write takes the write lock at its start, so that check and insert are one.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "zinnect.cache.SteadyCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "zinnect",
            "OPTIONS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.3},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- Applications ----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "heroicons",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_structlog",
    "integrations",
    "calendars",
    "bookings",
    "zinnect",
]

MIDDLEWARE = [
    "zinnect.logs.RouteMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "zinnect.middleware.BoundsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "zinnect.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "zinnect.context.site",
            ],
            "builtins": ["zinnect.templatetags.icons"],
        },
    }
]

# --- Language and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "zinnect.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files ----------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Hashed names and compression come with collectstatic; without it the files are served as they are.
_COLLECTED = not DEBUG and ("collectstatic" in sys.argv or (STATIC_ROOT / "staticfiles.json").exists())
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not _COLLECTED
WHITENOISE_AUTOREFRESH = DEBUG

# --- Accounts --------------------------------------------------------------------------------------------------------

RATE_LIMITS = env.str("RATE_LIMITS", default="default")
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
SIGNUP_OPEN = env.bool("SIGNUP_OPEN", default=True)

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/bookings/"
ACCOUNT_ADAPTER = "zinnect.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _base.scheme
MFA_TOTP_ISSUER = "Zinnect"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
if RATE_LIMITS == "off":
    ACCOUNT_RATE_LIMITS = False
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# --- Mail ------------------------------------------------------------------------------------------------------------

try:
    vars().update(env.email("EMAIL_URL", default="consolemail://"))
except ImproperlyConfigured as error:
    raise ImproperlyConfigured(
        f"EMAIL_URL: {error}. Set smtp+tls://user:password@host:587 (STARTTLS) or smtp+ssl://user:password@host:465."
    ) from None
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"Zinnect <bookings@{_base.hostname or 'localhost'}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", default="support@zinnect.com")

# --- Zoom and Google -------------------------------------------------------------------------------------------------

ZOOM_CLIENT_ID = env.str("ZOOM_CLIENT_ID", default="")
ZOOM_CLIENT_SECRET = env.str("ZOOM_CLIENT_SECRET", default="")
ZOOM_WEBHOOK_SECRET = env.str("ZOOM_WEBHOOK_SECRET", default="")
ZOOM_OAUTH_URL = env.str("ZOOM_OAUTH_URL", default="https://zoom.us/oauth").rstrip("/")
ZOOM_API_URL = env.str("ZOOM_API_URL", default="https://api.zoom.us/v2").rstrip("/")
GOOGLE_CLIENT_ID = env.str("GOOGLE_CLIENT_ID", default="")
GOOGLE_CLIENT_SECRET = env.str("GOOGLE_CLIENT_SECRET", default="")
GOOGLE_AUTH_URL = env.str("GOOGLE_AUTH_URL", default="https://accounts.google.com/o/oauth2/v2/auth")
GOOGLE_TOKEN_URL = env.str("GOOGLE_TOKEN_URL", default="https://oauth2.googleapis.com/token")
GOOGLE_REVOKE_URL = env.str("GOOGLE_REVOKE_URL", default="https://oauth2.googleapis.com/revoke")
GOOGLE_API_URL = env.str("GOOGLE_API_URL", default="https://www.googleapis.com").rstrip("/")
ZINNECT_SANDBOX = env.bool("ZINNECT_SANDBOX", default=False)

# --- Arranging -------------------------------------------------------------------------------------------------------

MEETING_FALLBACK_SECONDS = env.int("MEETING_FALLBACK_SECONDS", default=300)
PROVIDER_TIMEOUT_SECONDS = env.float("PROVIDER_TIMEOUT_SECONDS", default=10.0)
ARRANGE_LEASE_SECONDS = env.int("ARRANGE_LEASE_SECONDS", default=60)
SWEEP_SECONDS = env.float("SWEEP_SECONDS", default=15.0)
BUSY_MAX_AGE_SECONDS = env.int("BUSY_MAX_AGE_SECONDS", default=900)

# --- Forgetting: 0 keeps for ever ------------------------------------------------------------------------------------

RETENTION_DAYS = env.int("RETENTION_DAYS", default=0)
LOG_RETENTION_DAYS = env.int("LOG_RETENTION_DAYS", default=0)
FORGET_SECONDS = 3600.0

# --- Celery: makes things fast, keeps nothing ------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "redis://127.0.0.1:6379/0"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # kombu itself waits a second for a message, so not less. Whoever publishes waits less: integrations/publish.py.
    "socket_timeout": 1.25,
    "socket_connect_timeout": 1,
    "visibility_timeout": 600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 0}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Arranging is waiting for providers, and threads wait in a seventh of the memory of processes (docs/performance.md).
# None of them can be ended from outside, so whatever a task waits for has a limit of its own.
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = 24
# Celery would open a connection for each task, which costs more than a task's queries. zinnect/celery.py does for tasks
# what Django does for requests.
CELERY_DB_REUSE_MAX = sys.maxsize
CELERY_TIMEZONE = "UTC"
# In memory: when a sweep last ran is worth no file. What is due stands in the database.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
_BEAT = {
    "arrange-due": ("bookings.tasks.arrange_due", SWEEP_SECONDS),
    "departures": ("bookings.tasks.go_on_with_departures", SWEEP_SECONDS),
    "remind-due": ("bookings.tasks.remind_due", SWEEP_SECONDS),
    "integrations-due": ("integrations.tasks.sweep", SWEEP_SECONDS),
    "forget": ("bookings.tasks.forget_old", FORGET_SECONDS),
}
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for name, (task, seconds) in _BEAT.items()
}

# --- Security --------------------------------------------------------------------------------------------------------

HTTPS = _base.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Bytes of a body, files included (zinnect/middleware.py): the longest form of ours stays under 50 KB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DEFAULT_EXCEPTION_REPORTER = "zinnect.reports.QuietReport"
DEFAULT_EXCEPTION_REPORTER_FILTER = "zinnect.reports.QuietFilter"
EMBED_ANCESTORS = env.list("EMBED_ANCESTORS", default=[])
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")


def _origin(url: str) -> str:
    """The origin of a URL, for the security policy."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


# Chromium applies form-action to the redirect that follows a form, so the two consent pages have to be named.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, _origin(ZOOM_OAUTH_URL), _origin(GOOGLE_AUTH_URL)],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

# --- Logs and error reports: ids and words, never a token -------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = logs.configuration(level=LOG_LEVEL, readable=DEBUG)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = ""  # looking it up would cost pages a query that they do not need
# That something begins is worth a line only to whoever looks for a fault.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    from zinnect import sentry  # its forty modules are for those who use it

    sentry.start(SENTRY_DSN)

# --- Refuse to start rather than run unsafely ------------------------------------------------------------------------

TESTING = "pytest" in sys.modules


def _loopback(url: str) -> bool:
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def _refuse_unsafe_settings() -> None:
    """Stop the start with a message that names the variable (contract.md, Environment)."""
    if not SECRET_KEY or (not DEBUG and SECRET_KEY == DEVELOPMENT_SECRET_KEY):
        raise ImproperlyConfigured("SECRET_KEY is missing or the development default: set 50 random characters.")
    if not ENCRYPTION_KEYS or (not DEBUG and DEVELOPMENT_ENCRYPTION_KEY in ENCRYPTION_KEYS):
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS is missing or the development default: set at least one Fernet key "
            "(python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')."
        )
    for name, value in {
        "BASE_URL": BASE_URL,
        "ZOOM_OAUTH_URL": ZOOM_OAUTH_URL,
        "ZOOM_API_URL": ZOOM_API_URL,
        "GOOGLE_AUTH_URL": GOOGLE_AUTH_URL,
        "GOOGLE_TOKEN_URL": GOOGLE_TOKEN_URL,
        "GOOGLE_REVOKE_URL": GOOGLE_REVOKE_URL,
        "GOOGLE_API_URL": GOOGLE_API_URL,
    }.items():
        scheme = urlsplit(value).scheme
        if scheme != "https" and not (scheme == "http" and _loopback(value)):
            raise ImproperlyConfigured(f"{name} must start with https:// (http:// is accepted on loopback only).")
    for provider, identity, secret in (
        ("ZOOM", ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET),
        ("GOOGLE", GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET),
    ):
        if identity and not secret:
            raise ImproperlyConfigured(f"{provider}_CLIENT_ID is set but {provider}_CLIENT_SECRET is missing.")
    if ZINNECT_SANDBOX and not DEBUG:
        raise ImproperlyConfigured("ZINNECT_SANDBOX is for demo and tests only: it needs DEBUG=1.")


_refuse_unsafe_settings()
