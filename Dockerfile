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
CMD ["gunicorn", "zinnect.wsgi", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--bind", "0.0.0.0:8000"]
