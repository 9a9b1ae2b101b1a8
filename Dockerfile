# One image for all processes: `worker`, `api`, `storefront`, `simulator` and the rest
# of the command line. It holds no keys and no settings; docker-compose.yml shows how they
# are given.
#
# Not `latest`, not `3.11`: a rebuild must not change Python or Debian by itself.
FROM python:3.11.14-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/app

WORKDIR /app

# Before the sources, so that a change of code does not install everything again.
# Wheels only: an sdist would run its own code here and need a compiler. Without packages
# for tests, because each package could read the merchant's key.
COPY requirements-runtime.lock .
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps \
        --only-binary :all: --require-hashes -r requirements-runtime.lock \
    && python -m pip check

# .dockerignore names what is copied, and leaves everything else out.
COPY . .

# Compiled, because the sandbox loads the workflow's module for each run.
RUN python -m compileall -q .

# The sources belong to root, so that no process can change them. /var/lib/cashier holds
# the state; a new volume takes over its mode, so that any user works with `user:`. Besides
# it only /tmp is writable: Debian's other world-writable folders are closed, and no
# program is setuid. `make image-test` checks this.
RUN find / -xdev -type d -perm -0002 ! -path /tmp -exec chmod o-w {} + \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && install -d -m 1777 /var/lib/cashier

USER 1000:1000
EXPOSE 8000 8080 8081 8082

# Last, because they differ with each build. docs/operating.md shows how they are given.
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="durable-cashier" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

ENTRYPOINT ["python", "-m", "cashier"]
CMD ["--help"]
