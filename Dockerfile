# One image for `serve`, `work`, `migrate` and the rest; PostgreSQL and Redis are given by environment (docs/operations.md).
# BASE may be any Debian-like image with Python 3.11 or 3.12 and its venv; musl (Alpine) has no wheels for everything.
ARG BASE=python:3.12-slim-bookworm
FROM ${BASE}

# The user has a name because initdb asks for one, should somebody run the demo in the image.
RUN useradd --uid 10001 --user-group --create-home --shell /usr/sbin/nologin khuen
COPY requirements/lock.txt /app/requirements/lock.txt
RUN python3 -m venv /opt/khuen \
 && /opt/khuen/bin/pip install -q --no-cache-dir --no-deps --require-hashes --only-binary :all: -r /app/requirements/lock.txt
COPY . /app

ENV PATH=/opt/khuen/bin:$PATH PYTHONPATH=/app:/app/src PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /home/khuen
USER 10001:10001
EXPOSE 8000
# Only `serve` answers here; give a worker its own check, or none (--no-healthcheck).
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["python", "-c", \
  "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "khuen"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
