# The three images of the project: `--target operator`, `server` or `runner`.
#
# Dependencies are installed with their hashes in a layer below the project's
# code. So a change of the code builds and ships a small layer only.
# Everything is compiled to bytecode, and Python does not check it against the
# source: a container starts fast, also on a read-only file system.
# BASE may be any image with Python 3.11 and its venv module.
ARG BASE=docker.io/library/python:3.11-slim

FROM ${BASE} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/jvscheduler
COPY requirements/build.txt requirements/
RUN /opt/build/bin/pip install --quiet --require-hashes --only-binary :all: \
      -r requirements/build.txt

FROM builder AS project
COPY pyproject.toml README.md LICENSE ./
COPY runner runner
COPY operator operator
COPY server server
RUN /opt/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/build/bin/pip --python /opt/jvscheduler/bin/python install --quiet --no-deps --no-index \
      --no-compile --no-warn-script-location --root /project /wheels/*.whl \
 && /opt/jvscheduler/bin/python -m compileall -q -s /project --invalidation-mode unchecked-hash \
      /project

FROM builder AS operator-dependencies
COPY requirements/operator.txt requirements/
RUN /opt/build/bin/pip --python /opt/jvscheduler/bin/python install --quiet --require-hashes \
      --only-binary :all: --no-compile -r requirements/operator.txt \
 && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/jvscheduler

FROM builder AS server-dependencies
COPY requirements/server.txt requirements/
RUN /opt/build/bin/pip --python /opt/jvscheduler/bin/python install --quiet --require-hashes \
      --only-binary :all: --no-compile -r requirements/server.txt \
 && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/jvscheduler

FROM builder AS runner-dependencies
COPY requirements/runner.txt requirements/
RUN /opt/build/bin/pip --python /opt/jvscheduler/bin/python install --quiet --require-hashes \
      --only-binary :all: --no-compile -r requirements/runner.txt \
 && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/jvscheduler

FROM ${BASE} AS runtime
ENV PATH=/opt/jvscheduler/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 65532:65532

FROM runtime AS operator
COPY --from=operator-dependencies /opt/jvscheduler /opt/jvscheduler
COPY --from=project /project /
ENTRYPOINT ["python", "-m", "jvscheduler_operator"]

FROM runtime AS server
COPY --from=server-dependencies /opt/jvscheduler /opt/jvscheduler
COPY --from=project /project /
EXPOSE 8080
ENTRYPOINT ["python", "-m", "jvscheduler_server"]

# Users build their own image FROM this one and COPY their package of tasks into /app.
FROM runtime AS runner
ENV PYTHONPATH=/app
WORKDIR /app
COPY --from=runner-dependencies /opt/jvscheduler /opt/jvscheduler
COPY --from=project /project /
ENTRYPOINT ["python", "-m", "jvscheduler.runner"]
