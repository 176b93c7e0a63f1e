"""The reference of goal 2: Django with nothing but a view that makes one query (``gunicorn benchmarks.bare``).

Settings, URLs and view in one module; the table is one of the product's.
"""

from __future__ import annotations

import os

import environ
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

if not settings.configured:
    settings.configure(
        SECRET_KEY=os.environ["SECRET_KEY"],
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        DATABASES={"default": {**environ.Env().db("DATABASE_URL"), "CONN_MAX_AGE": 60}},
        USE_TZ=True,
    )


def bare(request: HttpRequest, username: str) -> HttpResponse:
    """One query, one word."""
    from django.contrib.auth.models import User

    return HttpResponse(User.objects.get(username=username).email)


urlpatterns = [path("<slug:username>/", bare)]
application = get_wsgi_application()
