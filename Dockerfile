# Beez on the CPU, in two images:
#
#   serving   web, beat, migrations, commands: no torch, a few hundred MB. The default.
#   training  the worker: the same and what learning needs. Where a build asks for it, TORCH_INDEX
#             names a package index with torch for the CPU, as PyTorch's install page shows it, for
#             the wheel that others have carries gigabytes of CUDA; TORCH_INDEX=default takes it.
#
# Neither has compilers, tests or benchmarks. PIP_INDEX_URL names a mirror of your own.

FROM python:3.11-slim AS packages
ARG PIP_INDEX_URL
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    HOST=0.0.0.0 \
    PORT=8000 \
    BEEZ_HOME=/data
RUN useradd --uid 10001 --user-group --create-home beez \
    && install -d -o beez -g beez /data /data/models /data/datasets
WORKDIR /app
COPY --chmod=644 requirements-serving.lock .
RUN pip install --no-cache-dir -r requirements-serving.lock
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["python", "-m", "beez.launch.probe"]
CMD ["python", "-m", "beez.launch.web"]

FROM packages AS training
ARG TORCH_INDEX
COPY --chmod=644 requirements.lock .
RUN if [ -z "$TORCH_INDEX" ]; then \
        echo "TORCH_INDEX is not set. It names a package index with torch for the CPU, as" \
            "PyTorch's install page shows it; TORCH_INDEX=default installs torch with CUDA." >&2; \
        exit 1; \
    fi; \
    if [ "$TORCH_INDEX" = default ]; then TORCH_INDEX=; fi; \
    pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r requirements.lock \
    && if [ -n "$TORCH_INDEX" ]; then \
        python -c 'import sys, torch; sys.exit(torch.version.cuda and "TORCH_INDEX has no torch for the CPU.")'; \
    fi
# 755, for a checkout may have been made under any umask, and files are read by another user here.
COPY --chmod=755 . .
RUN python -m compileall -q .
USER 10001:10001

FROM packages AS serving
COPY --chmod=755 . .
RUN python -m compileall -q .
USER 10001:10001
