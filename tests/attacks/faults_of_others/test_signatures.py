"""Faults of other products in signatures and seals; each test also fails where the fault is planted."""

from __future__ import annotations

import hmac
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from itertools import count

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from adapters.transport import oauth1 as signing
from adapters.transport.oauth1 import authorization
from gateway.auth import oauth1
from gateway.auth.oauth1 import Verifier
from gateway.auth.oauth1_secrets import PURPOSE, new_shared_secret
from gateway.auth.scopes import ONEROSTER_1_1
from gateway.config.settings import load
from gateway.paging import page_tokens
from gateway.storage.registry import open_store
from tests.attacks.faults_of_others.planting import noticed
from tests.support.regions import agreement, running, small_sites

OLDER, HOST = "/ims/oneroster/v1p1/", "http://localhost"
NONCES = count()


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """Two small districts, of which one learning management system signs what it asks; nothing is counted against it."""
    folder = tmp_path_factory.mktemp("forged")
    sites = small_sites(folder / "data", students=12)
    limits = '[limits]\nclient = ""\nfailures = ""\naddress_failures = ""\n'
    agreements = [agreement(name, client=client) for name in sites for client in ("lms", "conformance")]
    with running(folder / "region", sites, agreements, limits) as started:
        yield started


@pytest.fixture(scope="module")
def secret(region):
    """The secret that the system signs with."""
    region.register("lms", [ONEROSTER_1_1 + "roster.readonly"])
    settings = load(region.folder / "gateway.toml")
    store = open_store(settings.store_url, region.clock)
    text, kept = new_shared_secret(settings.open_keys().derive(PURPOSE), "lms", region.clock.now.replace(year=2027))
    store.share_secret("lms", kept, "ana")
    store.close()
    return text


@pytest.fixture
def sign(region, secret):
    """A function that signs a question, *at* so many seconds from now."""

    def header(rest="users", query=(), *, at=0, nonce="", algorithm="HMAC-SHA256", key=""):
        when = int(region.clock().timestamp()) + at
        once = nonce or f"nonce-{next(NONCES)}"
        return authorization("GET", f"{HOST}{OLDER}{rest}", query, "lms", key or secret, algorithm, once, when)

    return header


@pytest.fixture
def send(region):
    """A function that sends a question under a signature; the status of the answer."""

    def ask(header, rest="users", query="", method="GET"):
        web = region.app.test_client()
        return web.open(OLDER + rest, method=method, query_string=query, headers={"Authorization": header}).status_code

    return ask


def test_a_signature_covers_the_method_the_address_and_the_query(sign, send):
    """PSESD SRX: SIF_HMACSHA256 signs the session and the time, so that any other request can be sent under it."""

    def check():
        assert send(sign()) == 200
        for altered in ({"query": "limit=1"}, {"rest": "classes"}, {"rest": "users/x"}, {"method": "HEAD"}):
            assert send(sign(), **altered) == 401, f"{altered} was not signed"

    def of_the_time_alone(patch):
        def signature(_method, _url, pairs, secret, algorithm):
            told = dict(pairs)
            text = f"{told['oauth_consumer_key']}:{told['oauth_timestamp']}"
            return b64encode(hmac.digest(secret.encode(), text.encode(), signing.ALGORITHMS[algorithm])).decode()

        for module in (signing, oauth1):
            patch.setattr(module, "signature", signature)

    noticed(check, of_the_time_alone, "was not signed")


def test_a_signed_request_is_served_once(sign, send):
    """PSESD SRX: its authenticator looks at no nonce, so that a request can be sent again."""

    def check():
        header = sign()
        assert send(header) == 200
        assert send(header) == 401, "it is served again"

    noticed(check, lambda patch: patch.setattr(Verifier, "_spend", lambda *_: None), "it is served again")


@pytest.mark.parametrize("seconds", [-301, 301, 10 * 365 * 86400], ids=["old", "early", "ten years early"])
def test_a_signature_counts_for_five_minutes_in_either_direction(sign, send, seconds):
    """PSESD SRX has no window of freshness; Authlib's has one end: a timestamp years in the future is accepted."""

    def check():
        assert send(sign(at=seconds // abs(seconds) * 299)) == 200
        assert send(sign(at=seconds)) == 401, "the time does not matter"

    def lower_bound(patch):
        patch.setattr(oauth1, "abs", lambda number: number if seconds > 0 else -1, raising=False)

    noticed(check, lower_bound, "the time does not matter")


def test_a_signature_is_compared_whole_and_in_constant_time(sign, send, monkeypatch):
    """PSESD SRX compares with ``String.contains``: what holds the right signature, or part of it, will do."""
    compared = []
    digest = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda *both: compared.append(both) or digest(*both))

    def check():
        for before, after in (('signature="', 'signature="x'), ('%3D"', '"'), ('%3D"', '%3Dx"')):
            compared.clear()
            assert send(sign().replace(before, after)) == 401, "a part of it is enough"
            assert compared, "the time tells how much is right"

    def contained(patch):
        patch.setattr(oauth1, "_matches", lambda given, expected: any(one in given or given in one for one in expected))

    noticed(check, contained, "a part of it is enough")


def test_a_stranger_cannot_use_up_the_nonces_of_a_client(sign, send):
    """Authlib notes the nonce before it looks at the signature."""

    def check():
        nonce = f"once-{next(NONCES)}"
        assert send(sign(nonce=nonce, key="a guess")) == 401
        assert send(sign(nonce=nonce)) == 200, "a stranger used it up"

    def noted_first(patch):
        verify, spend = Verifier.verify, Verifier._spend

        def early(self, asked):
            spend(self, oauth1._header(asked.authorization))
            return verify(self, asked)

        patch.setattr(Verifier, "verify", early)
        patch.setattr(Verifier, "_spend", lambda *_: None)

    noticed(check, noted_first, "a stranger used it up")


def test_a_query_with_quotes_and_spaces_can_be_signed(sign, send):
    """Authlib: a raw quote or space in the query, which every filter of OneRoster has, is a 500."""
    filtered = [("filter", "familyName='Lee' AND givenName='Ann'")]

    def check():
        assert send(sign(query=filtered), query="filter=familyName='Lee' AND givenName='Ann'") == 200, "it fails"

    def strict(patch):
        read = oauth1.read_query

        def url_safe(raw, *rest, **more):
            if b"'" in raw or b" " in raw:
                raise RuntimeError("Error trying to decode a non urlencoded string.")
            return read(raw, *rest, **more)

        patch.setattr(oauth1, "read_query", url_safe)

    noticed(check, strict, "it fails")


@pytest.mark.parametrize("algorithm", ["HMAC-SHA1", "HMAC-SHA256"])
def test_a_client_signs_without_a_token_and_by_either_hash(sign, send, algorithm):
    """Authlib demands an ``oauth_token`` and knows no HMAC-SHA256, with which Moodle signs."""

    def check():
        assert send(sign(algorithm=algorithm)) == 200, "it is not served"

    def with_a_token(patch):
        patch.setattr(oauth1, "_REQUIRED", oauth1._REQUIRED | {"oauth_token"})

    noticed(check, with_a_token, "it is not served")


class Malleable:
    """Tokens as the bodies of PSESD's SRX are sealed: AES-CBC, the same beginning always, and nothing that authenticates."""

    def __init__(self, key):
        self.cipher = Cipher(algorithms.AES(key[:16]), modes.CBC(bytes(16)))

    def seal(self, text, _about):
        padder, encryptor = padding.PKCS7(128).padder(), self.cipher.encryptor()
        return encryptor.update(padder.update(text) + padder.finalize()) + encryptor.finalize()

    def open(self, sealed, _about):
        decryptor, unpadder = self.cipher.decryptor(), padding.PKCS7(128).unpadder()
        return unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()


def test_what_is_sealed_opens_unchanged_for_its_owner_or_not_at_all(region):
    """PSESD SRX: AES-CBC with a fixed salt and no MAC; whoever bends a sealed text gets another one opened."""
    owner = region.consumer()

    def check():
        token = owner.edfi("students", limit=2).headers["Next-Page-Token"]
        assert owner.edfi("students", pageToken=token).status_code == 200
        assert owner.edfi("schools", pageToken=token).status_code == 400, "it opens in another place"
        sealed = bytearray(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        for place in range(len(sealed)):
            bent = bytes(byte ^ (at == place) for at, byte in enumerate(sealed))
            answer = owner.edfi("students", pageToken=urlsafe_b64encode(bent).rstrip(b"=").decode())
            assert answer.status_code == 400, "it opens bent"

    noticed(
        check,
        lambda patch: patch.setattr(page_tokens, "TokenCipher", Malleable),
        "it opens in another place|it opens bent",
        region.gateway,
    )
