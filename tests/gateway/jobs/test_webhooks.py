"""Webhooks are posted over https to allowed addresses alone, and verified by whoever knows Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from gateway.jobs.delivery import NotDelivered
from gateway.jobs.webhooks import Webhooks, key_of, signature

NOW = datetime(2026, 11, 2, 20, tzinfo=UTC)
KEY = b"k" * 32


@pytest.fixture
def hooks(certificate):
    opened = Webhooks(allow_private=True, ca_file=certificate[0])
    yield opened
    opened.close()


def verified(headers, body, key):
    """Verify as the specification says, by another path than the sender's."""
    lower = {name.lower(): value for name, value in headers.items()}
    content = b".".join((lower["webhook-id"].encode(), lower["webhook-timestamp"].encode(), body))
    version, _, given = lower["webhook-signature"].partition(",")
    made = hmac.digest(key, content, hashlib.sha256)
    return version == "v1" and hmac.compare_digest(made, base64.b64decode(given))


def test_a_receiver_verifies_what_is_posted(hooks, receiver):
    hooks.post(receiver.url, KEY, "msg_1", {"type": "tasks.waiting"}, NOW)
    ((headers, body),) = receiver.posts
    assert verified(headers, body, KEY)
    assert not verified(headers, body + b" ", KEY)
    assert not verified(headers | {"webhook-timestamp": "1"}, body, KEY)
    assert not verified(headers | {"webhook-id": "msg_2"}, body, KEY)
    assert not verified(headers, body, b"x" * 32)
    assert json.loads(body) == {"type": "tasks.waiting"}


def test_the_signature_is_that_of_the_published_example():
    """The example of the specification (standard-webhooks, spec: signature scheme)."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    made = signature(key_of(secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(("status", "final"), [(500, False), (404, False), (429, False), (410, True)])
def test_an_answer_that_is_no_success_is_no_delivery(hooks, receiver, status, final):
    receiver.status = status
    with pytest.raises(NotDelivered, match=str(status)) as refused:
        hooks.post(receiver.url, KEY, "msg_1", {}, NOW)
    assert refused.value.final == final


def test_no_redirect_is_followed(hooks, receiver):
    receiver.status = 307
    with pytest.raises(NotDelivered, match="elsewhere"):
        hooks.post(receiver.url, KEY, "msg_1", {}, NOW)
    assert len(receiver.posts) == 1


def test_addresses_inside_the_house_are_not_reached_unless_they_are_allowed(receiver, certificate):
    closed = Webhooks(ca_file=certificate[0])
    with pytest.raises(NotDelivered, match="not allowed"):
        closed.post(receiver.url, KEY, "msg_1", {}, NOW)
    closed.close()
    assert receiver.posts == []


def test_plain_http_is_refused_even_where_private_addresses_are_allowed(hooks):
    with pytest.raises(NotDelivered) as refused:
        hooks.post("http://127.0.0.1:1/", KEY, "msg_1", {}, NOW)
    assert refused.value.final


def test_a_receiver_with_a_certificate_that_nobody_trusts_gets_nothing(receiver):
    strict = Webhooks(allow_private=True)
    with pytest.raises(NotDelivered):
        strict.post(receiver.url, KEY, "msg_1", {}, NOW)
    strict.close()
    assert receiver.posts == []
