"""Probes ask by whatever name or address they have; everything else keeps to ALLOWED_HOSTS."""

import pytest

HOSTS = ["10.42.0.7:8000", "[fd00::7]:8000", "pod.cluster.local", "not a host"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_probe_is_answered_whatever_the_host(keyword_model, client, host):
    assert client.get("/health", headers={"Host": host}).status_code == 200
    assert client.get("/ready", headers={"Host": host}).status_code == 200


def test_a_probe_is_answered_by_plain_http_and_for_a_browser_page_too(
    keyword_model, client, settings
):
    settings.SECURE_SSL_REDIRECT = True
    headers = {"Host": HOSTS[0], "Origin": "https://shop.example"}
    assert client.get("/ready", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/docs", "/health/x", "//health", "/conversations"])
def test_every_other_route_keeps_to_the_allowed_hosts(db, client, path):
    answer = client.get(path, headers={"Host": HOSTS[0]})
    assert answer.status_code == 400
    assert "ALLOWED_HOSTS" in answer.json()["error"]["message"]
