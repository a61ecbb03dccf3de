"""The web server's settings, for `make run` and for production alike: `gunicorn beez.wsgi`."""

from beez import env
from beez.launch import preflight
from beez.metrics import folder

folder.prepare()
_host, _port = preflight.address()
bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"
workers = env.integer("WEB_WORKERS", 1, minimum=1, maximum=256)
threads = env.integer("WEB_THREADS", 8, minimum=1, maximum=1024)
worker_class = "gthread"
timeout = 60
graceful_timeout = 5
keepalive = 30
loglevel = "warning"
control_socket_disable = True
