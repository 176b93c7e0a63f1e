# One image for web, worker and beat; the command says which.
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --create-home zinnect
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
# Static files are the same everywhere; these values are for this command alone and are not kept in the image.
RUN SECRET_KEY=build-only ENCRYPTION_KEYS=build-only python manage.py collectstatic --noinput \
    && chown -R zinnect:zinnect /app/data
USER zinnect
EXPOSE 8000
# Web processes alone answer here: worker and beat have their own test, or none (compose.yaml).
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz\", timeout=4)"]
CMD ["gunicorn", "zinnect.wsgi"]
