"""What the simulated system knows and answers; nothing here knows of sockets."""

from __future__ import annotations

import base64
import re
import secrets
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

import orjson

from adapters.oauth1 import signature
from adapters.simulator.documents import COLLECTIONS, reference
from adapters.simulator.faults import Faults
from adapters.simulator.older import newer, older
from adapters.simulator.questions import chosen, matching, ordered
from standards.errors import CallerError
from standards.oneroster import model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.simulator.documents import Documents

    Document = dict[str, Any]

PATHS: Final = re.compile(
    r"/ims/oneroster/(?:(?P<service>rostering|gradebook|resources)/v1p2|(?P<old>v1p1))(?P<rest>/.*)"
)
WRITABLE: Final = {"categories", "lineItems", "results", "scoreScales", "assessmentLineItems", "assessmentResults"}
KINDS: Final = {"schools": ("type", "school"), "terms": ("type", "term"), "gradingPeriods": ("type", "gradingPeriod"),
                "students": ("roles.role", "student"), "teachers": ("roles.role", "teacher")}  # fmt: skip
POSTS: Final = {
    ("lineItems", "results"): "lineItem",
    ("classes", "lineItems"): "class",
    ("schools", "lineItems"): "school",
}
JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that was made: what it asked for and what was answered."""

    method: str
    collection: str
    identifier: str
    query: Mapping[str, str]
    status: int
    version: str


@dataclass(slots=True)
class Reply:
    """An answer before it is put on the wire."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Sis:
    """A system with *documents*; *prefix* stands before its base paths, as some vendors have it.

    It serves 1.2 and 1.1 at once. *total*, *sorting*, *filtering* and *selecting* say what it can do; it gives no more
    than *ceiling* documents at once.
    """

    def __init__(
        self, documents: Documents, *, client: str = "crossing", secret: str = "sis-secret", token: str = "",
        prefix: str = "", total: bool = True, sorting: bool = True, filtering: bool = True, selecting: bool = True,
        ceiling: int = 10_000, truths: bool = False,
    ) -> None:  # fmt: skip
        self.documents, self.faults = documents, Faults()
        self.log: list[Asked] = []
        self._client, self._secret, self._prefix = client, secret, prefix
        self._tokens = {token} if token else set()
        self._total, self._sorting, self._filtering, self._selecting = total, sorting, filtering, selecting
        self._ceiling, self._truths = ceiling, truths
        self._lock = threading.RLock()

    def revoke(self) -> None:
        """Let every token end now."""
        self._tokens.clear()

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[Reply, str]:
        """The answer to a request for the absolute *url*, and the collection it was for."""
        parts = urlsplit(url)
        path = parts.path.removeprefix(self._prefix) if self._prefix else parts.path
        if path == "/oauth/token":
            return self._grant(method, headers, body), "token"
        place = PATHS.fullmatch(path)
        if place is None:
            return _error(404, "unknownobject", ""), ""
        version = "1.1" if place["old"] else "1.2"
        steps = [unquote(step) for step in place["rest"].strip("/").split("/")]
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        collection, identifier = steps[-1] if len(steps) == 3 else steps[0], steps[1] if len(steps) > 1 else ""  # noqa: PLR2004
        with self._lock:
            try:
                reply = self._answer(method, url, headers, body, steps, query, version)
            except CallerError as error:
                reply = _error(error.status, "invalid_filter_field", version)
            self.log.append(Asked(method, collection, identifier, query, reply.status, version))
        return reply, collection

    def _answer(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, steps: list[str], query: Mapping[str, str],
        version: str,
    ) -> Reply:  # fmt: skip
        if not self._knows(method, url, headers.get("Authorization", "")):
            return _error(401, "unauthorisedrequest", version)
        class_name = model.collections().get(steps[-1] if len(steps) == 3 else steps[0])  # noqa: PLR2004  a nested one
        if class_name is None or class_name not in model.classes(version):
            return _error(404, "unknownobject", version)
        match method, steps:
            case "GET", [collection]:
                return self._many(collection, class_name, query, version)
            case "GET", [collection, identifier]:
                return self._one(collection, class_name, identifier, query, version)
            case "PUT", [collection, identifier] if collection in WRITABLE:
                return self._put(collection, class_name, identifier, body, version)
            case "DELETE", [collection, identifier] if collection in WRITABLE:
                found = self.documents[collection].pop(identifier, None)
                return Reply(204) if found else _error(404, "unknownobject", version)
            case "POST", [owner, identifier, collection] if (owner, collection) in POSTS:
                return self._post(owner, identifier, collection, class_name, body, version)
            case _:
                return _error(405, "unsupported", version)

    def _many(self, collection: str, class_name: str, query: Mapping[str, str], version: str) -> Reply:
        found = list(self._all(collection))
        if self._filtering and query.get("filter"):
            found = matching(found, query["filter"])
        if self._sorting:
            found = ordered(found, query.get("sort", ""), descending=query.get("orderBy") == "desc")
        limit = min(int(query.get("limit", "100")), self._ceiling)
        offset = int(query.get("offset", "0"))
        shown = [self._shown(class_name, one, query, version) for one in found[offset : offset + limit]]
        headers = {"X-Total-Count": str(len(found))} if self._total else {}
        return Reply(200, {_plural(class_name): shown}, headers)

    def _one(self, collection: str, class_name: str, identifier: str, query: Mapping[str, str], version: str) -> Reply:
        found = next((one for one in self._all(collection) if one["sourcedId"] == identifier), None)
        if found is None:
            return _error(404, "unknownobject", version)
        return Reply(200, {class_name: self._shown(class_name, found, query, version)})

    def _put(self, collection: str, class_name: str, identifier: str, body: bytes, version: str) -> Reply:
        try:
            given = orjson.loads(body)[class_name]
        except (ValueError, KeyError, TypeError):
            return _error(422, "invaliddata", version)
        before = self.documents[collection].get(identifier, {})
        document = self._taken(class_name, given, identifier, before, version)
        if document is None:
            return _error(422, "invaliddata", version)
        self.documents[collection][identifier] = document
        return Reply(200 if before else 201, {class_name: self._shown(class_name, document, {}, version)})

    def _post(self, owner: str, identifier: str, collection: str, class_name: str, body: bytes, version: str) -> Reply:
        if identifier not in {one["sourcedId"] for one in self._all(owner)}:
            return _error(404, "unknownobject", version)
        pairs, taken = [], []
        member = POSTS[owner, collection]
        for given in orjson.loads(body)[_plural(class_name)]:
            allocated = str(uuid.uuid4())
            linked = {member: reference(model.collections()[owner], identifier), **given}
            document = self._taken(class_name, linked, allocated, {}, version)
            if document is None:
                return _error(422, "invaliddata", version)
            taken.append(document)
            pairs.append({"suppliedSourcedId": given.get("sourcedId", ""), "allocatedSourcedId": allocated})
        self.documents[collection].update({one["sourcedId"]: one for one in taken})
        return Reply(201, {"sourcedIdPairs": pairs})

    def _taken(self, class_name: str, given: Any, identifier: str, before: Document, version: str) -> Document | None:
        """A document as it is kept, with what clients leave out; None where it may not be."""
        if not isinstance(given, dict):
            return None
        whole = {"status": "active", **given, "sourcedId": identifier, "dateLastModified": _now()}
        members = model.classes(version)[class_name]
        for name, value in whole.items():
            member = members.get(name)
            if member is not None and member.type == "guidRef" and isinstance(value, dict):
                target = value.get("sourcedId")
                if target not in self.documents[COLLECTIONS[member.ref]]:
                    return None
                whole[name] = reference(member.ref, str(target))
        if model.validate(version, class_name, whole):
            return None
        return newer(class_name, whole, before) if version == "1.1" else whole

    def _all(self, collection: str) -> list[Document]:
        class_name = model.collections()[collection]
        found = list(self.documents[COLLECTIONS[class_name]].values())
        if kind := KINDS.get(collection):
            found = matching(found, f"{kind[0]}='{kind[1]}'")
        return found

    def _shown(self, class_name: str, document: Document, query: Mapping[str, str], version: str) -> Document:
        shown = older(class_name, document) if version == "1.1" else document
        if self._truths:
            shown = {name: {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
                     for name, value in shown.items()}  # fmt: skip
        return chosen(shown, query["fields"]) if self._selecting and query.get("fields") else shown

    def _knows(self, method: str, url: str, header: str) -> bool:
        """Whether a request shows a token that was given, or a good signature."""
        kind, _, rest = header.partition(" ")
        if kind == "Bearer":
            return rest in self._tokens
        if kind != "OAuth":
            return False
        given = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', rest)}
        stated = given.pop("oauth_signature", "")
        if given.get("oauth_consumer_key") != self._client or "oauth_nonce" not in given:
            return False
        own = [(name, value) for name, value in given.items() if name != "realm"]
        return secrets.compare_digest(
            stated, signature(method, url, own, self._secret, given.get("oauth_signature_method", "HMAC-SHA1"))
        )

    def _grant(self, method: str, headers: Mapping[str, str], body: bytes) -> Reply:
        kind, _, rest = headers.get("Authorization", "").partition(" ")
        asked = dict(parse_qsl(body.decode()))
        try:
            client, _, secret = base64.b64decode(rest).decode().partition(":")
        except ValueError:
            client, secret = "", ""
        known = (unquote_plus(client), unquote_plus(secret)) == (self._client, self._secret)
        if method != "POST" or kind != "Basic" or not known or asked.get("grant_type") != "client_credentials":
            return Reply(401, {"error": "invalid_client"})
        token = secrets.token_urlsafe(24)
        self._tokens.add(token)
        granted = {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": asked.get("scope", "")}
        return Reply(200, granted)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plural(class_name: str) -> str:
    return COLLECTIONS[class_name]


def _error(status: int, word: str, version: str) -> Reply:
    """An error in the envelope of its version."""
    if version == "1.1":
        said = {"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_operationRefIdentifier": "1",
                "imsx_description": "", "imsx_codeMinor": word}  # fmt: skip
        return Reply(status, {"statusInfoSet": [said]})
    minor = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": word}
    return Reply(status, {"imsx_codeMajor": "failure", "imsx_severity": "error",
                          "imsx_CodeMinor": {"imsx_codeMinorField": [minor]}})  # fmt: skip
