import pytest
from django.test import RequestFactory

from beez.api import addresses


def request(connection, forwarded=None):
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {}
    return RequestFactory().get("/", REMOTE_ADDR=connection, **headers)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "10.9.9.9, 192.0.2.1", "192.0.2.1"),
        (2, "10.9.9.9, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (2, "192.0.2.1", "192.0.2.1"),
        (1, "192.0.2.1:51342", "192.0.2.1"),
        (1, "[2001:db8::1]:51342", "2001:db8::1"),
        (1, "2001:db8:0::1", "2001:db8::1"),
        (1, "::ffff:192.0.2.1", "192.0.2.1"),
        (1, "192.0.2.1, nonsense", addresses.UNKNOWN),
        (1, "", addresses.UNKNOWN),
        (1, None, addresses.UNKNOWN),
    ],
)
def test_behind_proxies_the_outermost_of_ours_is_believed(settings, proxies, forwarded, expected):
    settings.BEHIND_PROXY, settings.PROXIES = True, proxies
    assert addresses.client(request("127.0.0.1", forwarded)) == expected


@pytest.mark.parametrize("connection", ["192.0.2.5", ""])
def test_without_a_proxy_the_connection_is(settings, connection):
    settings.BEHIND_PROXY = False
    assert addresses.client(request(connection, "10.1.1.1")) == (connection or addresses.UNKNOWN)


def test_a_customer_of_ipv6_is_counted_as_one(settings):
    settings.BEHIND_PROXY = False
    one, other = request("2001:db8:1:2::7"), request("2001:db8:1:2:ffff::9")
    assert addresses.counted(one) == addresses.counted(other) == "2001:db8:1:2::/64"
