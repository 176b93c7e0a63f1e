"""Where everything is. The public pages come last: they take any handle that is not one of ours."""

from django.contrib import admin
from django.urls import include, path

from zinnect import health, mail_preview, overview, pages, styleguide
from zinnect.accounts import AdminLoginForm

admin.site.login_form = AdminLoginForm

urlpatterns = [
    path("", pages.home, name="home"),
    path("help/zoom/", pages.help_zoom, name="help_zoom"),
    path("privacy/", pages.privacy, name="privacy"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("mail-preview/", mail_preview.index, name="mail_preview"),
    path("mail-preview/html/", mail_preview.html, name="mail_preview_html"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/overview/", admin.site.admin_view(overview.page), name="admin_overview"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("integrations.urls")),
    path("", include("calendars.urls")),
    path("", include("bookings.urls_organizer")),
    path("", include("bookings.urls_invitee")),
    path("", include("bookings.urls_public")),
]
