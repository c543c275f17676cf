"""A OneRoster 1.1 request may be signed instead of carrying a token; only its signer is believed, once and in time."""

from __future__ import annotations

import sqlite3
import statistics
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from authlib.oauth1.rfc5849.signature import construct_base_string, hmac_sha1_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.transport.oauth1 import authorization, signature
from gateway.auth.callers import Caller
from gateway.auth.client_secrets import new_secret
from gateway.auth.oauth1 import SignedRequest, accepts
from gateway.auth.oauth1_secrets import new_shared_secret, open_shared_secret
from gateway.auth.scopes import ONEROSTER_1_1, ONEROSTER_1_2
from gateway.storage.shared_memory import LocalMemory, RedisMemory
from standards.errors import CallerError, StoreUnavailable, TooManyRequests, Unauthenticated
from tests.gateway.small_region import KEY, START, Region, make_settings

ROOT = "https://gateway.example.org"
USERS = "/ims/oneroster/v1p1/users"
ROSTER = ONEROSTER_1_1 + "roster.readonly"
WRONG = "The consumer key is unknown, or the signature is wrong."
NOW = int(START.timestamp())


@pytest.fixture
def region(tmp_path):
    opened = Region(tmp_path)
    opened.add("lms", ("edfi:read", ONEROSTER_1_2 + "roster.readonly", ROSTER))
    opened.signing = opened.share("lms")
    yield opened
    opened.close()


def header(secret, *, key="lms", nonce="n1", at=NOW, query=(), method="GET", algorithm="HMAC-SHA1", url=ROOT + USERS):
    return authorization(method, url, query, key, secret, algorithm, nonce, at)


def request(text, *, query=b"", method="GET", root=ROOT, path=USERS, address="192.0.2.1"):
    return SignedRequest(method, root, path, query, text, address)


def refusal(region, asked) -> str:
    with pytest.raises(Unauthenticated) as refused:
        region.verifier.verify(asked)
    return refused.value.message


@pytest.mark.parametrize("algorithm", ["HMAC-SHA1", "HMAC-SHA256"])
def test_the_signer_is_the_caller_with_its_scopes_of_oneroster_1_1_only(region, algorithm):
    caller = region.verifier.verify(request(header(region.signing, algorithm=algorithm)))
    assert caller == Caller("lms", "Reading Partners", frozenset({ROSTER}), 1)


def test_the_example_of_another_implementation_is_believed(region):
    given = [
        ("oauth_consumer_key", "lms"),
        ("oauth_nonce", "a"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", str(NOW)),
    ]
    text = construct_base_string("GET", ROOT + USERS, [*given, ("filter", "familyName='O''Neil'"), ("limit", "5")])
    signed = hmac_sha1_signature(text, region.signing, "")
    fields = ",".join(f'{name}="{quote(value, safe="")}"' for name, value in [*given, ("oauth_signature", signed)])
    raw = b"limit=5&filter=familyName='O''Neil'"
    assert region.verifier.verify(request(f'OAuth realm="x, y",{fields}', query=raw)).client == "lms"


@pytest.mark.parametrize(
    "raw",
    [
        b"filter=familyName='Lee'%20AND%20status='active'",
        b"filter=familyName%3D%27Lee%27+AND+status%3D%27active%27",
        b"filter=familyName='Lee' AND status='active'",
    ],
)
def test_quotes_and_spaces_are_understood_however_they_are_written(region, raw):
    query = [("filter", "familyName='Lee' AND status='active'")]
    assert region.verifier.verify(request(header(region.signing, query=query), query=raw)).client == "lms"


@settings(max_examples=60)
@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=6), st.integers(0, 10**9))
def test_any_query_that_is_signed_is_believed(tmp_path_factory, pairs, number):
    region = _shared_region(tmp_path_factory)
    query = [(name, value) for name, value in pairs if name and not name.startswith("oauth_")]
    raw = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query).encode()
    nonce = f"{number}-{time.monotonic_ns()}"
    assert region.verifier.verify(request(header(region.signing, query=query, nonce=nonce), query=raw)).client == "lms"


_REGIONS: list[Region] = []


def _shared_region(factory) -> Region:
    if not _REGIONS:
        region = Region(factory.mktemp("signing"))
        region.add("lms", (ROSTER,))
        region.signing = region.share("lms")
        _REGIONS.append(region)
    return _REGIONS[0]


@pytest.fixture(scope="module", autouse=True)
def _close_shared_region():
    yield
    while _REGIONS:
        _REGIONS.pop().close()


@settings(max_examples=200)
@given(
    st.text(max_size=60) | st.from_regex(r'OAuth( [a-z_]{1,8}="[^"]{0,5}",?){0,4}', fullmatch=True),
    st.binary(max_size=20),
)
def test_no_header_and_no_query_is_more_than_refused(tmp_path_factory, text, raw):
    with pytest.raises(CallerError):
        _shared_region(tmp_path_factory).verifier.verify(request(f"OAuth {text}", query=raw))


@pytest.mark.parametrize("path", ["/ims/oneroster/v1p1/users/a b", "/ims/oneroster/v1p1/users/a:b", f"{USERS}/it's,é"])
@pytest.mark.parametrize("safe", ["/", "/:',"])
def test_a_path_may_be_encoded_more_than_it_must(region, path, safe):
    text = header(region.signing, url=ROOT + quote(path, safe=safe))
    assert region.verifier.verify(request(text, path=path)).client == "lms"


@pytest.mark.parametrize("root", ["HTTPS://Gateway.Example.ORG", "https://gateway.example.org:443"])
def test_the_default_port_and_the_case_of_the_host_do_not_matter(region, root):
    assert region.verifier.verify(request(header(region.signing), root=root)).client == "lms"


@pytest.mark.parametrize(
    "altered",
    [
        {"query": b"limit=2"},
        {"method": "POST"},
        {"root": "https://other.example.org"},
        {"root": "http://gateway.example.org"},
        {"root": "https://gateway.example.org:8443"},
        {"path": USERS + "/1"},
    ],
)
def test_nothing_that_was_signed_can_be_altered(region, altered):
    assert refusal(region, request(header(region.signing), **altered)) == WRONG


@pytest.mark.parametrize("root", ["", "https://", "https://[::1", "https://h:99999", "https://h:x"])
def test_an_address_that_nobody_could_sign_is_refused(region, root):
    assert "cannot be read" in refusal(region, request(header(region.signing), root=root))


@pytest.mark.parametrize(("seconds", "known"), [(-301, False), (-300, True), (300, True), (301, False), (3e8, False)])
def test_the_timestamp_may_be_five_minutes_off_either_way(region, seconds, known):
    asked = request(header(region.signing, at=int(NOW + seconds)))
    if known:
        assert region.verifier.verify(asked).client == "lms"
    else:
        assert "timestamp" in refusal(region, asked)


@pytest.mark.parametrize("kind", ["local", "redis"])
def test_a_request_is_believed_once(tmp_path, kind, request):
    memory = RedisMemory(request.getfixturevalue("redis_url"), f"{tmp_path}:") if kind == "redis" else LocalMemory()
    region = Region(tmp_path, memory=memory)
    region.add("lms", (ROSTER,))
    secret = region.share("lms")
    first = SignedRequest("GET", ROOT, USERS, b"", header(secret), "")
    region.verifier.verify(first)
    assert refusal(region, first) == "The nonce was used before."
    region.verifier.verify(replace(first, authorization=header(secret, nonce="n2")))
    region.verifier.verify(replace(first, authorization=header(secret, at=NOW + 1)))
    region.close()


def test_a_nonce_is_remembered_for_as_long_as_its_timestamp_counts(tmp_path):
    region = Region(tmp_path)
    region.memory = LocalMemory(clock=lambda: region.clock().timestamp())
    region.verifier._memory = region.memory
    region.add("lms", (ROSTER,))
    asked = request(header(region.share("lms"), at=NOW + 300))
    region.verifier.verify(asked)
    region.clock.move(600)
    assert refusal(region, asked) == "The nonce was used before."
    region.clock.move(1)
    assert "timestamp" in refusal(region, asked)
    region.close()


def test_a_stranger_cannot_use_up_nonces(region):
    refusal(region, request(header("guessed")))
    assert region.verifier.verify(request(header(region.signing))).client == "lms"


def _without(text, name):
    return "OAuth " + ", ".join(part for part in text.removeprefix("OAuth ").split(", ") if not part.startswith(name))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "OAuth", "needs"),
        (lambda text: _without(text, "oauth_nonce"), "needs"),
        (lambda text: _without(text, "oauth_signature="), "needs"),
        (lambda text: _without(text, "oauth_timestamp"), "needs"),
        (lambda text: text.replace('"n1"', '""'), "needs"),
        (lambda text: text + ', oauth_nonce="n1"', "twice"),
        (lambda text: text + ', oauth_body_hash="x"', "too many"),
        (lambda text: text + ', limit="5"', "too many"),
        (lambda text: text + ', oauth_token="tok"', "no OAuth 1.0a tokens"),
        (lambda text: text.replace('"1.0"', '"2.0"'), "version"),
        (lambda text: text.replace("HMAC-SHA1", "PLAINTEXT"), "signature method"),
        (lambda text: text.replace("HMAC-SHA1", "RSA-SHA1"), "signature method"),
        (lambda text: text.replace(str(NOW), "soon"), "number"),
        (lambda text: text.replace(str(NOW), "१"), "number"),
        (lambda text: text.replace(str(NOW), "9" * 13), "number"),
        (lambda text: text.replace('"n1"', "n1"), "cannot be read"),
        (lambda text: text.replace('"n1"', '"%zz"'), "cannot be read"),
        (lambda text: text.replace('"n1"', '"%ff"'), "UTF-8"),
        (lambda text: text + ", " + "x" * 5000, "needs"),
    ],
)
def test_each_fault_of_the_header_is_named(region, change, words):
    assert words in refusal(region, request(change(header(region.signing))))


def test_an_empty_token_a_realm_and_no_version_are_all_right(region):
    given = {
        "oauth_consumer_key": "lms",
        "oauth_token": "",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(NOW),
        "oauth_nonce": "n1",
    }
    signed = signature("GET", ROOT + USERS, given.items(), region.signing, "HMAC-SHA256")
    fields = ", ".join(
        f'{name}="{quote(value, safe="")}"' for name, value in (given | {"oauth_signature": signed}).items()
    )
    assert region.verifier.verify(request(f'oauth  realm="",{fields}')).client == "lms"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"a=%ff", "cannot be read"),
        (b"a=\xff", "cannot be read"),
        (b"&a=" * 201, "cannot be read"),
        (b"oauth_nonce=n2", "only"),
    ],
)
def test_a_query_that_cannot_be_checked_is_refused(region, raw, words):
    assert words in refusal(region, request(header(region.signing), query=raw))


def test_every_reason_not_to_believe_a_signer_is_told_alike(region):
    region.add("plain", (ROSTER,))
    region.add("late", (ROSTER,))
    late = region.share("late", region.clock())
    region.add("gone", (ROSTER,))
    gone = region.share("gone")
    region.store.change_status("gone", "end", "ana")
    region.add("off", (ROSTER,))
    off = region.share("off")
    region.store.share_secret("off", None, "ana")
    region.add("moved", (ROSTER,))
    moved = region.share("moved", key=b"o" * 32)
    told = [
        refusal(region, request(header(secret, key=key, nonce=key), address=key))
        for key, secret in [
            ("lms", "wrong"), ("lms", region.secret), ("nobody", "wrong"), ("no\x00body", "wrong"), ("x" * 65, "wrong"),
            ("plain", ""), ("late", late), ("gone", gone), ("off", off), ("moved", moved),
        ]
    ]  # fmt: skip
    assert told == [WRONG] * len(told)


def test_an_unknown_client_and_a_wrong_secret_take_the_same_time(tmp_path):
    made = make_settings(tmp_path)
    region = Region(tmp_path, settings=replace(made, limits=replace(made.limits, failures="", address_failures="")))
    region.add("lms", (ROSTER,))
    region.share("lms")
    times: dict[str, list[float]] = {"lms": [], "nob": []}
    for number in range(60):
        for key, taken in times.items():
            asked = request(header("wrong", key=key, nonce=str(number)))
            start = time.perf_counter()
            refusal(region, asked)
            taken.append(time.perf_counter() - start)
    region.close()
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert min(known, unknown) > 0.5 * max(known, unknown)


def test_a_secret_ends_at_its_moment(region):
    secret = region.share("lms", region.clock() + timedelta(seconds=10))
    assert region.verifier.verify(request(header(secret))).client == "lms"
    region.clock.move(10)
    assert refusal(region, request(header(secret, nonce="n2"))) == WRONG


def test_what_ends_a_signer_ends_it_at_once(region):
    region.verifier.verify(request(header(region.signing)))
    region.store.change_status("lms", "end", "ana")
    assert refusal(region, request(header(region.signing, nonce="n2"))) == WRONG


def test_a_new_shared_secret_replaces_the_old_and_leaves_tokens_alone(region):
    token = region.token()
    fresh = region.share("lms")
    assert refusal(region, request(header(region.signing))) == WRONG
    assert region.verifier.verify(request(header(fresh, nonce="n2"))).client == "lms"
    assert region.callers.authenticate(f"Bearer {token}").client == "tutor"


def test_failures_make_client_and_address_wait_but_nobody_else(region):
    for _ in range(10):
        refusal(region, request(header("wrong")))
    with pytest.raises(TooManyRequests):
        region.verifier.verify(request(header(region.signing)))
    assert region.verifier.verify(request(header(region.signing), address="192.0.2.2")).client == "lms"


def test_failures_of_token_requests_and_of_signatures_count_together(region):
    secret = new_secret()[0]
    here = {"REMOTE_ADDR": "127.0.0.3"}
    for _ in range(5):
        assert region.ask(basic=("lms", secret), environ=here).status_code == 401
        assert refusal(region, request(header("wrong"), address="127.0.0.3")) == WRONG
    with pytest.raises(TooManyRequests):
        region.verifier.verify(request(header(region.signing), address="127.0.0.3"))
    assert region.ask(basic=("lms", secret), environ=here).status_code == 429


def test_signatures_in_names_that_somebody_makes_up_keep_nobody_waiting(region):
    for number in range(150):
        assert refusal(region, request(header("wrong", key=f"made-up-{number}"))) == WRONG
    assert region.verifier.verify(request(header(region.signing))).client == "lms"
    assert refusal(region, request(header("wrong", key="tutor"))) == WRONG


def test_the_last_use_is_noted_at_most_once_an_hour(region):
    used = []
    for number, seconds in enumerate((0, 3599, 1)):
        region.clock.move(seconds)
        at = int(region.clock().timestamp())
        region.verifier.verify(request(header(region.signing, nonce=str(number), at=at)))
        used.append(region.store.find_client("lms").last_used)
    assert used == [START, START, START + timedelta(hours=1)]


def test_without_the_memory_no_signature_is_believed(tmp_path):
    region = Region(tmp_path, memory=RedisMemory("redis://127.0.0.1:1/0"))
    region.add("lms", (ROSTER,))
    with pytest.raises(StoreUnavailable):
        region.verifier.verify(request(header(region.share("lms"))))
    region.close()


def test_a_shared_secret_is_sealed_and_opens_only_for_its_client_and_its_time(region, tmp_path):
    with closing(sqlite3.connect(tmp_path / "state" / "registry.db")) as registry:
        assert region.signing not in str(list(registry.iterdump()))
    secret, kept = new_shared_secret(KEY, "lms", START)
    assert open_shared_secret(KEY, "lms", kept) == secret
    assert open_shared_secret(KEY, "other", kept) is None
    assert open_shared_secret(b"o" * 32, "lms", kept) is None
    assert open_shared_secret(KEY, "lms", replace(kept, not_after=START + timedelta(days=1))) is None
    assert open_shared_secret(KEY, "lms", replace(kept, sealed=b"")) is None


@pytest.mark.parametrize(
    ("path", "text", "accepted"),
    [
        (USERS, "OAuth x", True),
        (f"/maple{USERS}", "oauth\tx", True),
        (USERS, "OAuth", True),
        (USERS, "Bearer x", False),
        (USERS, "OAuth2 x", False),
        (USERS, None, False),
        ("/ims/oneroster/rostering/v1p2/users", "OAuth x", False),
        (f"/ims/oneroster/rostering/v1p2{USERS}", "OAuth x", False),
        (f"/a/b{USERS}", "OAuth x", False),
        ("/ims/oneroster/v1p10/users", "OAuth x", False),
        ("/data/v3/ed-fi/students", "OAuth x", False),
    ],
)
def test_signatures_count_at_the_addresses_of_oneroster_1_1_only(path, text, accepted):
    assert accepts(path, text) is accepted
