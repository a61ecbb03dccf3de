import pytest

from beez.api import keys
from beez.api.throttling import KeyRateThrottle

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["postgres", pytest.param("redis", marks=pytest.mark.redis)])
def limited(request, settings, monkeypatch, shell):
    """A client of a route that each key may call three times a minute."""
    settings.CACHES = {"default": CACHES[request.param](request)}
    monkeypatch.setattr(KeyRateThrottle, "THROTTLE_RATES", {"key": "3/minute"})
    monkeypatch.setattr(KeyRateThrottle, "cache_format", f"{request.node.name}_%(scope)s_%(ident)s")
    return shell


CACHES = {
    "postgres": lambda request: {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "beez_cache",
    },
    "redis": lambda request: {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": request.getfixturevalue("redis_url"),
        "KEY_PREFIX": f"{request.node.name}-{id(request)}",
    },
}


def statuses(client, key, times):
    header = {"Authorization": f"Bearer {key}"}
    return [client.get("/limited", headers=header).status_code for _ in range(times)]


def test_a_key_over_its_rate_waits(limited, key):
    assert statuses(limited, key, 5) == [200, 200, 200, 429, 429]
    answer = limited.get("/limited", headers={"Authorization": f"Bearer {key}"})
    assert answer.json()["error"]["code"] == "throttled"
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_keys_are_counted_each_by_itself(limited, key):
    _, other = keys.create(name="other", scopes=["classify"])
    assert statuses(limited, key, 4)[-1] == 429
    assert statuses(limited, other, 3) == [200, 200, 200]


def test_a_refused_key_uses_up_nothing(limited, key):
    assert statuses(limited, key + "x", 4) == [401] * 4
    assert statuses(limited, key, 1) == [200]


def test_without_redis_the_limit_is_lifted_rather_than_the_service(
    settings, monkeypatch, shell, key
):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    monkeypatch.setattr(KeyRateThrottle, "THROTTLE_RATES", {"key": "1/minute"})
    assert statuses(shell, key, 3) == [200, 200, 200]
