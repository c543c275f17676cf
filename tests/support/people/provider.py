"""An OpenID provider for tests: idpyoidc's, in a thread on a loopback port; it can be told to lie in its ID tokens."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import requests
from cryptojwt.jws.jws import JWS
from cryptojwt.key_jar import init_key_jar
from idpyoidc.server import Server
from idpyoidc.server.configure import OPConfiguration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CLIENT, SECRET = "crossing-guard", "a-secret-of-the-tests-long-enough"
KEYS = [{"type": "RSA", "use": ["sig"]}, {"type": "EC", "crv": "P-256", "use": ["sig"]}]
CLAIMS = {"email": None, "email_verified": None, "name": None}
PLACES = {
    "provider_config": (
        "/.well-known/openid-configuration",
        "idpyoidc.server.oidc.provider_config.ProviderConfiguration",
        {},
    ),
    "authorization": (
        "/authorization",
        "idpyoidc.server.oidc.authorization.Authorization",
        {
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
        },
    ),
    "token": (
        "/token",
        "idpyoidc.server.oidc.token.Token",
        {"client_authn_method": ["client_secret_basic", "client_secret_post"]},
    ),
}


@dataclass
class OpenIdServer:
    """A provider whose one user is signed in already."""

    issuer: str
    op: Server
    forge: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    algorithm: str = "RS256"
    methods: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)

    def answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        self.asked.append(path)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        if path == "/jwks.json":
            return _json(start_response, json.loads(self.op.keyjar.export_jwks_as_json(issuer_id="")))
        name = next((name for name, (place, _, _) in PLACES.items() if place == path), None)
        if name is None:
            start_response("404 Not Found", [])
            return [b""]
        headers = {"authorization": environ["HTTP_AUTHORIZATION"]} if "HTTP_AUTHORIZATION" in environ else {}
        endpoint = self.op.get_endpoint(name)
        read = endpoint.parse_request(
            {k: v[0] for k, v in parse_qs(body or query).items()}, http_info={"headers": headers, "url": path}
        )
        if "error" in read:
            return _json(start_response, read.to_dict(), "400 Bad Request")
        done = endpoint.process_request(read)
        if name == "authorization":
            told = endpoint.do_response(**done, request=read)
            start_response("302 Found", [("Location", told["response"])])
            return [b""]
        content = done.get("response_args", done)
        content = content.to_dict() if hasattr(content, "to_dict") else dict(content)
        if name == "provider_config" and self.methods:
            content["token_endpoint_auth_methods_supported"] = list(self.methods)
        if name == "token" and "id_token" in content:
            content["id_token"] = self._forged(content["id_token"])
        return _json(start_response, content)

    def _forged(self, token: str) -> str:
        if self.forge is None:
            return token
        from base64 import urlsafe_b64decode

        middle = token.split(".")[1]
        claims = self.forge(json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4))))
        keys = (
            []
            if self.algorithm == "none"
            else self.op.keyjar.get_signing_key(
                {"R": "RSA", "E": "EC", "H": "oct"}[self.algorithm[0]],
                issuer_id="" if self.algorithm[0] != "H" else CLIENT,
            )
        )
        return str(JWS(json.dumps(claims), alg=self.algorithm).sign_compact(keys=keys))


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def _json(start_response: Any, content: Any, status: str = "200 OK") -> list[bytes]:
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(content).encode()]


@contextmanager
def openid_provider(back: str, user: str = "diana", **claims: Any) -> Iterator[OpenIdServer]:
    """Run a provider until the end of the block; its *user* has those *claims*, and comes *back* to one address."""
    server = make_server("127.0.0.1", 0, None, handler_class=_Quiet)
    issuer = f"http://127.0.0.1:{server.server_port}"
    running = OpenIdServer(issuer, _op(issuer, back, user, {user: claims}))
    server.set_app(running.answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _op(issuer: str, back: str, user: str, known: dict[str, Any]) -> Server:
    conf = {
        "issuer": issuer,
        "httpc_params": {"verify": False},
        "key_conf": {"uri_path": "jwks.json", "key_defs": KEYS},
        "keys": {"uri_path": "jwks.json", "key_defs": KEYS},
        "preference": {
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        },
        "endpoint": {
            name: {"path": path[1:], "class": kind, "kwargs": more} for name, (path, kind, more) in PLACES.items()
        },
        "authentication": {
            "anon": {
                "acr": "http://www.swamid.se/policy/assurance/al1",
                "class": "idpyoidc.server.user_authn.user.NoAuthn",
                "kwargs": {"user": user},
            }
        },
        "userinfo": {"class": "idpyoidc.server.user_info.UserInfo", "kwargs": {"db": known}},
        "template_dir": "template",
        "add_on": {
            "pkce": {
                "function": "idpyoidc.server.oauth2.add_on.pkce.add_support",
                "kwargs": {"essential": True, "code_challenge_method": "S256"},
            }
        },
        "token_handler_args": {
            "jwks_def": {
                "private_path": "",
                "read_only": False,
                "key_defs": [{"type": "oct", "bytes": "24", "use": ["enc"], "kid": "code"}],
            },
            "code": {
                "lifetime": 600,
                "kwargs": {
                    "crypt_conf": {
                        "kwargs": {
                            "keys": {
                                "key_defs": [
                                    {"type": "OCT", "use": ["enc"], "kid": "password"},
                                    {"type": "OCT", "use": ["enc"], "kid": "salt"},
                                ]
                            }
                        }
                    }
                },
            },
            "token": {
                "class": "idpyoidc.server.token.jwt_token.JWTToken",
                "kwargs": {"lifetime": 3600, "aud": [issuer]},
            },
            "id_token": {"class": "idpyoidc.server.token.id_token.IDToken", "kwargs": {"base_claims": CLAIMS}},
        },
    }
    op = Server(OPConfiguration(conf=conf, base_path="/nowhere"), keyjar=init_key_jar(key_defs=KEYS))
    op.keyjar.import_jwks(op.keyjar.export_jwks(private=True, issuer_id=""), issuer_id=issuer)
    op.context.cdb[CLIENT] = {
        "client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [(back, None)], "client_salt": "salted",
        "token_endpoint_auth_method": "client_secret_basic", "response_types_supported": ["code"],
        "allowed_scopes": ["openid", "email", "profile"],
    }  # fmt: skip
    op.keyjar.add_symmetric(CLIENT, SECRET, ["sig"])
    return op


def visit(address: str) -> str:
    """Go to the provider as a browser does; return where it sends the browser back to."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"
