"""The simulated OneRoster system as a function from requests to answers; it knows nothing of sockets."""

from __future__ import annotations

import re
import threading
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import orjson

from adapters.simulators.faults import Faults
from adapters.simulators.oneroster.auth import Auth
from adapters.simulators.oneroster.documents import COLLECTIONS, reference
from adapters.simulators.oneroster.queries import chosen, matching, ordered
from adapters.simulators.oneroster.v1p1 import newer, older
from adapters.simulators.wire import EdFiReply, query_of
from standards.errors import CallerError
from standards.oneroster import model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.simulators.oneroster.documents import Documents

    Document = dict[str, Any]

PATHS: Final = re.compile(r"/ims/oneroster/(?:(rostering|gradebook|resources)/v1p2|(?P<old>v1p1))(?P<rest>/.*)")
WRITABLE: Final = {"categories", "lineItems", "results", "scoreScales", "assessmentLineItems", "assessmentResults"}
KINDS: Final = {
    "schools": "type='school'",
    "terms": "type='term'",
    "gradingPeriods": "type='gradingPeriod'",
    "students": "roles.role='student'",
    "teachers": "roles.role='teacher'",
}
NESTED: Final = {
    ("lineItems", "results"): "lineItem",
    ("classes", "lineItems"): "class",
    ("classes", "results"): "class",
    ("schools", "lineItems"): "school",
}
TRUTHS: Final = {"true": True, "false": False}
VENDOR: Final = "x-vendor-authorization"


@dataclass(frozen=True, slots=True)
class SeenOneRosterRequest:
    """One request that was made, and its answer."""

    method: str
    collection: str
    identifier: str
    query: Mapping[str, str]
    status: int
    version: str


@dataclass(frozen=True, slots=True)
class _Request:
    """A request whose address has been understood; *owner* and *owned_by* where it is a nested one."""

    method: str
    owner: str
    owned_by: str
    collection: str
    identifier: str
    query: Mapping[str, str]
    body: bytes
    version: str

    @property
    def class_name(self) -> str:
        return model.collections()[self.collection]

    def known(self) -> bool:
        return model.collections().get(self.collection, "") in model.classes(self.version)


class Sis:
    """A system with *documents*, which answers one *client*; *prefix* stands before its base paths.

    It serves 1.2 and 1.1 at once. *total*, *sorting*, *filtering* and *selecting* are what it can do; it sends no more
    than *ceiling* documents at once; *truths* makes its booleans JSON's own; *vendor* is a second key that it wants for
    the gradebook.
    """

    def __init__(
        self,
        documents: Documents,
        *,
        client: str = "crossing",
        secret: str = "sis-secret",  # noqa: S107  of a system without anybody's data
        token: str = "",
        prefix: str = "",
        total: bool = True,
        sorting: bool = True,
        filtering: bool = True,
        selecting: bool = True,
        ceiling: int = 10_000,
        truths: bool = False,
        vendor: str = "",
    ) -> None:
        self.documents, self.faults, self.auth = documents, Faults(), Auth(client, secret, token)
        self.total, self.sorting, self.filtering, self.selecting = total, sorting, filtering, selecting
        self.ceiling, self.truths = ceiling, truths
        self.log: list[SeenOneRosterRequest] = []
        self._prefix, self._vendor = prefix, vendor
        self._lock = threading.RLock()

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> EdFiReply:
        """Answer a request for the absolute *url*."""
        path = urlsplit(url).path.removeprefix(self._prefix)
        if path == "/oauth/token":
            granted = self.auth.grant(method, headers, body)
            return EdFiReply(200, granted) if granted else EdFiReply(401, {"error": "invalid_client"})
        asked = _understood(method, path, query_of(url), body)
        if asked is None:
            return error(404, "unknownobject", "")
        with self._lock:
            reply = self._authorized(asked, url, {name.lower(): value for name, value in headers.items()})
            self.log.append(
                SeenOneRosterRequest(
                    method, asked.collection, asked.identifier, asked.query, reply.status, asked.version
                )
            )
        return reply

    def _authorized(self, asked: _Request, url: str, headers: Mapping[str, str]) -> EdFiReply:
        second = self._vendor and asked.collection in WRITABLE and headers.get(VENDOR) != self._vendor
        if second or not self.auth.knows(asked.method, url, headers.get("authorization", "")):
            return error(401, "unauthorisedrequest", asked.version)
        if not asked.known():
            return error(404, "unknownobject", asked.version)
        try:
            return self._done(asked)
        except CallerError:
            return error(400, "invalid_filter_field", asked.version)
        except (ValueError, KeyError, TypeError):
            return error(422, "invaliddata", asked.version)

    def _done(self, asked: _Request) -> EdFiReply:
        writable = asked.collection in WRITABLE
        match asked.method:
            case "GET":
                return self._one(asked) if asked.identifier else self._many(asked)
            case "PUT" if writable and asked.identifier:
                return self._put(asked)
            case "DELETE" if writable and asked.identifier:
                found = self.documents[asked.collection].pop(asked.identifier, None)
                return EdFiReply(204) if found else error(404, "unknownobject", asked.version)
            case "POST" if (asked.owner, asked.collection) in NESTED and asked.version == "1.2":
                return self._post(asked)
        return error(405, "unsupported", asked.version)

    def _many(self, asked: _Request) -> EdFiReply:
        query, found = asked.query, self._all(asked.collection)
        if asked.owner:
            found = matching(found, f"{NESTED[asked.owner, asked.collection]}.sourcedId='{asked.owned_by}'")
        if self.filtering and query.get("filter"):
            found = matching(found, query["filter"])
        if self.sorting:
            found = ordered(found, query.get("sort", ""), descending=query.get("orderBy") == "desc")
        limit, offset = min(int(query.get("limit", "100")), self.ceiling), int(query.get("offset", "0"))
        shown = [self._shown(asked, one) for one in found[offset : offset + limit]]
        headers = {"X-Total-Count": str(len(found))} if self.total else {}
        return EdFiReply(200, {COLLECTIONS[asked.class_name]: shown}, headers)

    def _one(self, asked: _Request) -> EdFiReply:
        found = next((one for one in self._all(asked.collection) if one["sourcedId"] == asked.identifier), None)
        if found is None:
            return error(404, "unknownobject", asked.version)
        return EdFiReply(200, {asked.class_name: self._shown(asked, found)})

    def _put(self, asked: _Request) -> EdFiReply:
        kept = self.documents[asked.collection]
        before = kept.get(asked.identifier, {})
        given = orjson.loads(asked.body)[asked.class_name]
        kept[asked.identifier] = self._taken(asked, given, asked.identifier, before)
        return EdFiReply(200 if before else 201, {asked.class_name: self._shown(asked, kept[asked.identifier])})

    def _post(self, asked: _Request) -> EdFiReply:
        """Store several new documents, all or none."""
        if asked.owned_by not in self.documents[COLLECTIONS[model.collections()[asked.owner]]]:
            return error(404, "unknownobject", asked.version)
        link = {NESTED[asked.owner, asked.collection]: {"sourcedId": asked.owned_by}}
        taken, pairs = {}, []
        for given in orjson.loads(asked.body)[COLLECTIONS[asked.class_name]]:
            allocated = str(uuid.uuid4())
            taken[allocated] = self._taken(asked, {**link, **given}, allocated, {})
            pairs.append({"suppliedSourcedId": given.get("sourcedId", ""), "allocatedSourcedId": allocated})
        self.documents[asked.collection].update(taken)
        return EdFiReply(201, {"sourcedIdPairs": pairs})

    def _taken(self, asked: _Request, given: Document, identifier: str, before: Document) -> Document:
        """Return a document as it is stored, with what clients leave out; a `ValueError` where it may not be."""
        whole = {"status": "active", **given, "sourcedId": identifier, "dateLastModified": _now()}
        members = model.classes(asked.version)[asked.class_name]
        for name, value in whole.items():
            member = members.get(name)
            if member is not None and member.type == "guidRef":
                if value["sourcedId"] not in self.documents[COLLECTIONS[member.ref]]:
                    raise ValueError(name)
                whole[name] = reference(member.ref, value["sourcedId"])
        told = {name: value for name, value in whole.items() if name in members or name not in before}  # its own stay
        if faults := model.validate(asked.version, asked.class_name, told):
            raise ValueError(faults)
        return newer(asked.class_name, whole, before) if asked.version == "1.1" else whole

    def _all(self, collection: str) -> list[Document]:
        found = list(self.documents[COLLECTIONS[model.collections()[collection]]].values())
        return matching(found, KINDS.get(collection, ""))

    def _shown(self, asked: _Request, document: Document) -> Document:
        shown = older(asked.class_name, document) if asked.version == "1.1" else document
        if self.truths:
            shown = {
                name: TRUTHS.get(value, value) if isinstance(value, str) else value for name, value in shown.items()
            }
        fields = asked.query.get("fields")
        return chosen(shown, fields) if self.selecting and fields else shown


def _understood(method: str, path: str, query: Mapping[str, str], body: bytes) -> _Request | None:
    """Parse the address of a request; None where it leads nowhere."""
    place = PATHS.fullmatch(path)
    steps = [unquote(step) for step in place["rest"].strip("/").split("/")] if place else []
    version = "1.1" if place and place["old"] else "1.2"
    match steps:
        case [collection]:
            return _Request(method, "", "", collection, "", query, body, version)
        case [collection, identifier]:
            return _Request(method, "", "", collection, identifier, query, body, version)
        case [owner, owned_by, collection] if (owner, collection) in NESTED:
            return _Request(method, owner, owned_by, collection, "", query, body, version)
    return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def error(status: int, word: str, version: str) -> EdFiReply:
    """Make an error in the envelope of its version."""
    if version == "1.1":
        said = {
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_operationRefIdentifier": "1",
            "imsx_description": "",
            "imsx_codeMinor": word,
        }
        return EdFiReply(status, {"statusInfoSet": [said]})
    minor = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": word}
    codes = {"imsx_codeMinorField": [minor]}
    return EdFiReply(status, {"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_CodeMinor": codes})
