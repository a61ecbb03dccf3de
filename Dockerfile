# Beez on the CPU, for web, worker and beat alike; compose.yaml shows the three.
FROM python:3.11-slim

# A package index of torch without CUDA (see the install page of PyTorch); empty: the default
# index, whose wheel is many times larger.
ARG TORCH_INDEX=

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    BEEZ_HOME=/data

RUN useradd --uid 10001 --create-home beez && install -d -o beez -g beez /data /data/models
WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r requirements.lock
COPY . .

USER beez
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["python", "-m", "beez.launch.probe"]
CMD ["gunicorn", "beez.wsgi"]
