"""What gunicorn serves: ``gunicorn zinnect.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

from zinnect.startup import look_meanwhile, read_templates

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zinnect.settings")
application = get_wsgi_application()
read_templates()
look_meanwhile()
