"""Clients of OneRoster 1.1 that sign their requests (OAuth 1.0a) are served like those with a token, and only there."""

from __future__ import annotations

import base64
import hashlib
import hmac
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from urllib.parse import quote, urlencode, urlsplit

import pytest
import requests
from authlib.oauth1.rfc5849 import client_auth
from authlib.oauth1.rfc5849.signature import generate_signature_base_string

from adapters.transport.oauth1 import authorization
from gateway.auth.client_secrets import new_secret
from gateway.auth.oauth1_secrets import PURPOSE, new_shared_secret
from gateway.auth.scopes import ONEROSTER_1_1, ONEROSTER_1_2
from gateway.config.settings import load
from gateway.storage.registry import open_store, utc_now
from tests.support.regions import Site, agreement, running, served, small_sites

OLDER = "/ims/oneroster/v1p1/"
HOST = "http://localhost"
ALGORITHMS = ("HMAC-SHA1", "HMAC-SHA256")
SCOPES = (ONEROSTER_1_1 + "roster.readonly", ONEROSTER_1_2 + "roster.readonly", "edfi:read")
NONCES = count()


@contextmanager
def registry(folder):
    read = load(folder / "gateway.toml")
    store = open_store(read.store_url)
    try:
        yield store, read.open_keys().derive(PURPOSE)
    finally:
        store.close()


def share(folder, client, until):
    """Let a client sign; its secret."""
    with registry(folder) as (store, key):
        secret, kept = new_shared_secret(key, client, until)
        store.share_secret(client, kept, "ana")
    return secret


class Signer:
    """A client that signs what it asks."""

    def __init__(self, region, name, scopes=SCOPES):
        self.region, self.name = region, name
        region.register(name, scopes)
        self.renew(timedelta(days=30))

    def renew(self, life):
        self.secret = share(self.region.folder, self.name, self.region.clock() + life)

    def header(self, path, query=(), *, method="GET", at=0, host=HOST, algorithm="HMAC-SHA1", secret=None):
        when = int(self.region.clock().timestamp()) + at
        key, nonce = secret or self.secret, f"nonce-{next(NONCES)}"
        return authorization(method, host + path, query, self.name, key, algorithm, nonce, when)

    def ask(self, path, query=(), *, method="GET", sent=None, **how):
        """The answer to a request; *sent* is the query as it is sent, when not as it was signed."""
        text = self.header(path, query, method=how.pop("signed_method", method), **how)
        raw = urlencode(list(query)) if sent is None else sent
        return self.send(path, raw, text, method)

    def send(self, path, raw, text, method="GET", **headers):
        web = self.region.app.test_client()
        return web.open(path, method=method, query_string=raw, headers={"Authorization": text, **headers})


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signed")
    sites = small_sites(folder / "data", students=20)
    agreements = [
        agreement(name, client=client) for name in sites for client in ("lms", "poor", "ended", "conformance")
    ]
    settings = '[limits]\nclient = ""\nfailures = ""\naddress_failures = ""\n'
    with running(folder / "region", sites, agreements, settings) as started:
        yield started


@pytest.fixture(scope="module")
def lms(region):
    return Signer(region, "lms")


def refused(answer):
    assert answer.status_code == 401, answer.text
    assert answer.headers["WWW-Authenticate"] == "OAuth"
    assert answer.headers["Cache-Control"] == "private, no-store"
    (told,) = answer.json["statusInfoSet"]
    assert (told["imsx_codeMajor"], told["imsx_codeMinor"]) == ("failure", "unauthorized")
    return told["imsx_description"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("district", ["", "/maple"])
def test_a_signed_request_gets_what_a_token_gets(region, lms, algorithm, district):
    path = f"{district}{OLDER}users"
    answer = lms.ask(path, [("limit", "3"), ("sort", "familyName")], algorithm=algorithm)
    assert answer.status_code == 200, answer.text
    token = region.app.test_client().post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=("lms", _renewed(region))
    )
    bearer = f"Bearer {token.json['access_token']}"
    plain = lms.send(path, "limit=3&sort=familyName", bearer)
    assert (plain.status_code, plain.data) == (200, answer.data)
    assert answer.headers["X-Total-Count"] == plain.headers["X-Total-Count"]


def _renewed(region):
    secret, trace = new_secret()
    with registry(region.folder) as (store, _):
        store.rotate_secret("lms", trace, None, "ana")
    return secret


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("encode", [quote, lambda text: quote(text, safe=""), lambda text: quote(text, safe="'= ")])
def test_a_filter_with_quotes_and_spaces_is_served(lms, algorithm, encode):
    condition = "role='student' AND familyName!='O''Neil & Söhne'"
    answer = lms.ask(f"{OLDER}users", [("filter", condition)], sent=f"filter={encode(condition)}", algorithm=algorithm)
    assert answer.status_code == 200, answer.text
    assert {user["role"] for user in answer.json["users"]} == {"student"}


def test_a_walk_follows_the_links_signing_each(lms):
    address, seen = f"{HOST}{OLDER}orgs?limit=1", []
    while address:
        parts = urlsplit(address)
        answer = lms.send(parts.path, parts.query, lms.header(f"{parts.path}?{parts.query}"))
        assert answer.status_code == 200, answer.text
        seen += [org["sourcedId"] for org in answer.json["orgs"]]
        following = [part for part in answer.headers["Link"].split(",") if 'rel="next"' in part]
        address = following[0].split("<")[1].split(">")[0] if following else None
    assert len(seen) == len(set(seen)) == int(answer.headers["X-Total-Count"]) > 1


def test_a_request_sent_again_is_refused(lms):
    text = lms.header(f"{OLDER}orgs")
    assert lms.send(f"{OLDER}orgs", "", text).status_code == 200
    assert "nonce" in refused(lms.send(f"{OLDER}orgs", "", text))


@pytest.mark.parametrize("seconds", [-301, 301, 315_360_000])
def test_an_old_or_a_future_timestamp_is_refused(lms, seconds):
    assert "timestamp" in refused(lms.ask(f"{OLDER}orgs", at=seconds))


@pytest.mark.parametrize(
    "how",
    [
        {"secret": "wrong"},
        {"query": [("limit", "1")], "sent": "limit=2"},
        {"query": [("limit", "1")], "sent": ""},
        {"sent": "limit=1"},
        {"method": "DELETE", "signed_method": "GET"},
        {"method": "GET", "signed_method": "PUT"},
        {"host": "http://other.example.org"},
        {"host": "https://localhost"},
        {"host": "http://localhost:8080"},
    ],
)
def test_a_wrong_secret_and_whatever_was_altered_are_refused_alike(lms, how):
    assert refused(lms.ask(f"{OLDER}orgs", **how)) == "The consumer key is unknown, or the signature is wrong."


def test_what_the_client_is_said_to_have_signed_elsewhere_is_refused(lms):
    path = f"{OLDER}orgs"
    text = lms.header(path)
    assert "signature" in refused(lms.send(path, "", text, Host="other.example.org"))
    assert lms.send(path, "", text, **{"X-Forwarded-Host": "other.example.org"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/ims/oneroster/rostering/v1p2/users", "/maple/ims/oneroster/rostering/v1p2/users", "/data/v3/ed-fi/students"],
)
def test_a_signature_counts_nowhere_but_in_oneroster_1_1(lms, path):
    answer = lms.ask(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization header scheme" in answer.text or answer.mimetype == "application/problem+json"


def test_a_scope_of_another_version_opens_nothing(region):
    poor = Signer(region, "poor", (ONEROSTER_1_1 + "resource.readonly", ONEROSTER_1_2 + "roster.readonly"))
    assert poor.ask(f"{OLDER}users").status_code == 403
    assert poor.ask(f"{OLDER}resources").status_code in {200, 403, 501}


def test_a_signer_ends_with_its_sunset_and_with_its_client(region):
    ended = Signer(region, "ended")
    ended.renew(timedelta(seconds=5))
    assert ended.ask(f"{OLDER}orgs").status_code == 200
    region.clock.move(5)
    refused(ended.ask(f"{OLDER}orgs"))
    ended.renew(timedelta(days=1))
    assert ended.ask(f"{OLDER}orgs").status_code == 200
    with registry(region.folder) as (store, _):
        store.change_status("ended", "end", "ana")
    refused(ended.ask(f"{OLDER}orgs"))


@pytest.mark.parametrize(
    "raw", ["filter=familyName='Lee' AND x", "a=%ff", "%", "&&&", "filter=%27%", "a=\xff", "oauth_nonce=1"]
)
@pytest.mark.parametrize(
    "text", ["OAuth", "OAuth x", 'OAuth oauth_nonce="%ff"', "OAuth ,,,", 'OAuth oauth_timestamp="-1"']
)
def test_no_header_and_no_query_breaks_the_gateway(lms, raw, text):
    refused(lms.send(f"{OLDER}users", raw, text))
    assert lms.send(f"{OLDER}users", raw, lms.header(f"{OLDER}users")).status_code == (200 if raw == "&&&" else 401)


def _sha256(client, request):
    """SHA-256 for a library that knows SHA-1 only."""
    text = generate_signature_base_string(request)
    return base64.b64encode(
        hmac.digest(f"{quote(client.client_secret)}&".encode(), text.encode(), hashlib.sha256)
    ).decode()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_library_that_we_did_not_write_is_served_over_a_real_connection(tmp_path, monkeypatch, algorithm):
    monkeypatch.setitem(client_auth.ClientAuth.SIGNATURE_METHODS, "HMAC-SHA256", _sha256)
    sites = small_sites(tmp_path / "data", students=20)
    with served(tmp_path / "region", {"maple": Site("oneroster_csv", sites["maple"].settings)}) as server:
        with registry(server.folder) as (store, key):
            secret, kept = new_shared_secret(key, "conformance", utc_now() + timedelta(days=1))
            store.share_secret("conformance", kept, "ana")
        signer = client_auth.ClientAuth("conformance", secret, signature_method=algorithm)
        query = "limit=2&filter=" + quote("role='student' AND familyName!='x'", safe="")
        for path in ("users", "orgs", "classes"):
            address, headers, _ = signer.sign(
                "GET", f"{server.base}{OLDER}{path}?{query if path == 'users' else ''}", {}, b""
            )
            first = requests.get(address, headers=headers, timeout=30)
            again = requests.get(address, headers=headers, timeout=30)
            assert (first.status_code, again.status_code) == (200, 401), first.text
        address, headers, _ = signer.sign("GET", f"{server.base}{OLDER}users/it%27s%3Aa%20b", {}, b"")
        assert requests.get(address, headers=headers, timeout=30).status_code == 404


def test_in_the_whole_gateway_failures_of_both_kinds_are_counted_together(tmp_path):
    terms = [agreement("maple", client="lms")]
    sites = {"maple": small_sites(tmp_path / "data", students=20)["maple"]}
    with running(tmp_path / "region", sites, terms, '[limits]\nclient = ""\nfailures = "4/day"\n') as started:
        signer, web = Signer(started, "lms"), started.app.test_client()
        form = {"grant_type": "client_credentials"}
        for _ in range(2):
            refused(signer.ask(f"{OLDER}orgs", secret="x" * 43))
            assert web.post("/oauth/token", data=form, auth=("lms", "wrong")).status_code == 401
        assert signer.ask(f"{OLDER}orgs").status_code == 429
        assert web.post("/oauth/token", data=form, auth=("lms", "wrong")).status_code == 429
