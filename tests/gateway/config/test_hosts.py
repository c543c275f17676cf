"""Links begin with a Host header only where nobody can be led astray by it; every other request is served all the same."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from click.testing import CliRunner

from gateway.commands.cli import main
from gateway.config.hosts import _own, origin
from gateway.web.metadata.edfi import ADDRESSES as DOCUMENTS
from tests.support.regions import EDFI, ROSTER, agreement, links, running, small_sites, write

LISTENER = "http://10.1.2.3:8080"
ELSEWHERE = {"SERVER_NAME": "10.1.2.3", "SERVER_PORT": "8080"}
FORWARDED = {"X-Forwarded-Host": "api.example.org", "X-Forwarded-Proto": "https"}
STRANGE = ["evil.example", "evil.example:8080", "10.1.2.3:81", "10.1.2.3", "10.1.2.4:8080", "localhost.evil.example",
           "127.0.0.1.evil.example", "[2001:db8::1]:8080", "0.0.0.0:8080"]  # fmt: skip
OWN = ["10.1.2.3:8080", "localhost", "LOCALHOST:9", "localhost.:9", "127.0.0.1:1", "127.8.9.1", "[::1]:8080"]


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """A region with a proxy of the operator's own at 192.0.2.9."""
    folder = tmp_path_factory.mktemp("hosts")
    sites = small_sites(folder / "data", 20)
    proxy = '[server]\ntrusted_proxies = ["192.0.2.9"]\n'
    with running(folder / "region", sites, [agreement(name) for name in sites], proxy) as made:
        yield made


@pytest.fixture(scope="module")
def ask(region):
    """Asks at a listener that is not this machine's loopback, from an address, as a client with everything released."""
    consumer = region.consumer()

    def get(path, host, remote="198.51.100.1", **headers):
        environ = ELSEWHERE | {"HTTP_HOST": host, "REMOTE_ADDR": remote}
        return consumer.web.get(path, headers={**consumer.bearer, **headers}, environ_overrides=environ)

    return get


def beginnings(ask, host, **more):
    """What everything that is told under a Host header begins with, place by place."""
    roster = ask(f"{ROSTER}classes?limit=1", host, **more)
    found = {f"link {rel}": link for rel, link in links(roster.headers["Link"]).items()}
    found["href"] = roster.json["classes"][0]["school"]["href"]
    discovery = ask("/", host, **more).json["urls"]
    found |= {f"discovery {name}": url for name, url in discovery.items()}
    found |= {one["name"]: one["endpointUri"] for one in ask("/maple/metadata/", host, **more).json}
    document = ask(DOCUMENTS["changeQueries"], host, **more).json
    found["server"] = document["servers"][0]["url"]
    (scheme,) = document["components"]["securitySchemes"].values()
    found["token"] = scheme["flows"]["clientCredentials"]["tokenUrl"]
    older = ask(f"{DOCUMENTS['changeQueries']}?version=2", host, **more).json
    found["older server"] = f"{older['schemes'][0]}://{older['host']}{older['basePath']}"
    found["roster document"] = ask("/maple/docs/documents/oneroster-1.1.json", host, **more).json["servers"][0]["url"]
    metadata = ask("/.well-known/oauth-authorization-server", host, **more).json
    found |= {f"oauth {name}": metadata[name] for name in ("issuer", "token_endpoint", "revocation_endpoint")}
    return {name: "/".join(url.split("/")[:3]) for name, url in found.items()}


@pytest.mark.parametrize("host", STRANGE)
def test_a_strange_host_is_served_and_repeated_nowhere(ask, host):
    found = beginnings(ask, host)
    assert {name: url for name, url in found.items() if url != LISTENER} == {}
    assert ask(f"{EDFI}schools", host).status_code == 200


@pytest.mark.parametrize("host", OWN)
def test_the_listeners_own_address_and_a_loopback_name_are_repeated(ask, host):
    assert set(beginnings(ask, host).values()) == {f"http://{host}"}


@pytest.mark.parametrize("host", ["evil.example", "localhost"])
def test_what_a_trusted_proxy_forwards_is_repeated_and_what_a_stranger_forwards_is_not(ask, host):
    assert set(beginnings(ask, host, remote="192.0.2.9", **FORWARDED).values()) == {"https://api.example.org"}
    plain = "http://localhost" if host == "localhost" else LISTENER
    assert set(beginnings(ask, host, **FORWARDED).values()) == {plain}


def test_a_proxy_that_forwards_no_host_leaves_the_listeners_address(ask):
    for headers in ({}, {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Port": "99"}, {"X-Forwarded-Host": ""}):
        assert set(beginnings(ask, "evil.example", remote="192.0.2.9", **headers).values()) == {LISTENER}


def test_a_proxy_forwards_no_other_scheme_than_those_of_links(ask):
    forwarded = FORWARDED | {"X-Forwarded-Proto": "javascript"}
    found = beginnings(ask, "localhost", remote="192.0.2.9", **forwarded)
    assert set(found.values()) == {"http://api.example.org"}


@pytest.mark.parametrize(
    "host", ["a b", 'x"><b>', "evil.example/x", "a,b", "[::1", "localhost:x", "localhost@evil", ""]
)
def test_what_is_no_host_is_refused(ask, host):
    for path in (
        "/",
        f"{ROSTER}classes",
        f"{EDFI}schools",
        DOCUMENTS["resources"],
        "/docs/documents/oneroster-1.1.json",
    ):
        assert ask(path, host).status_code == 400, path


@pytest.mark.parametrize(
    ("bound", "host", "expected"),
    [
        ("0.0.0.0", "127.0.0.2:8080", "http://127.0.0.2:8080"),
        ("0.0.0.0", "203.0.113.7:8080", "http://127.0.0.1:8080"),
        ("::", "evil.example:8080", "http://[::1]:8080"),
        ("::1", "evil.example", "http://[::1]:8080"),
        ("2001:db8::5", "[2001:DB8:0::5]:8080", "http://[2001:DB8:0::5]:8080"),
        ("2001:db8::5", "[2001:db8::6]:8080", "http://[2001:db8::5]:8080"),
        ("gate.internal", "GATE.internal:8080", "http://GATE.internal:8080"),
        ("10.1.2.3", "10.1.2.3:08080", "http://10.1.2.3:8080"),
    ],
)
def test_an_address_is_compared_as_an_address(bound, host, expected):
    assert origin({"SERVER_NAME": bound, "SERVER_PORT": "8080"}, "http", host) == expected


def test_a_listener_on_every_address_knows_those_of_this_machine():
    own = ("127.0.0.1", "::1")
    others = ("203.0.113.7", "2001:db8::7", "224.0.0.1")
    assert [one for one in (*own, *others) if _own(ip_address(one))] == [*own]


@pytest.mark.parametrize(
    ("server", "warned"),
    [
        ("", False),
        ('host = "::1"\n', False),
        ('host = "0.0.0.0"\n', True),
        ('host = "10.1.2.3"\n', True),
        ('host = "0.0.0.0"\npublic_url = "https://gateway.example.org"\n', False),
    ],
)
def test_check_says_that_the_public_address_is_missing(tmp_path, server, warned):
    sites = small_sites(tmp_path / "data", 5)
    place = write(tmp_path / "region", sites, [], f"[server]\n{server}")
    told = CliRunner().invoke(main, ["check", str(place)])
    assert ("server.public_url is missing" in told.output) is warned, told.output
