"""Uploading the files of a district: checked in memory, kept sealed under its key, and swapped in whole."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from adapters import registry
from adapters.uploads import UploadedFile
from gateway.admin.districts.known import NOBODY, KnownDistricts, trial
from gateway.config.written_districts import spec_of, uses_upload
from gateway.districts.refreshes.readings import Overtaken, as_upload
from gateway.districts.refreshes.trials import try_connection
from gateway.people.sessions import COOKIE
from gateway.storage.acts import Act, write_act
from gateway.storage.database import transaction
from gateway.storage.people.deliveries import UPLOAD, write_delivery
from gateway.storage.people.uploads import PURPOSE, Upload, keep_upload, sha256_of
from gateway.storage.people.written import hold_written
from gateway.storage.people.written_districts import find_written
from gateway.translations.phrases import Phrase
from standards.errors import Conflict, InvalidBody, NotFound, SourceError, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.admin.administration import Administration
    from gateway.config.settings import DistrictSettings
    from gateway.districts.refreshes.trials import Trial
    from gateway.people.actor import Actor

ACTION: Final = "district.upload"
PATHS: Final = re.compile(r"/(?:console|admin/v1)/districts/([a-z][a-z0-9-]{0,39})/upload")
METHODS: Final = frozenset({"POST", "PUT"})
MAX_AT_ONCE: Final = 2
"""How many files may be on their way into memory at once."""

FORGOTTEN_SECONDS: Final = 1800.0
UNSAFE_NAME: Final = re.compile(r"[^A-Za-z0-9._ -]")
MAX_NAME_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class Received:
    """A file that came in: what its *trial* came to, whether it is *kept*, and the words about the refresh after it."""

    trial: Trial
    kept: bool
    refreshed: str = ""


class DistrictFiles:
    """The files that people upload for their districts."""

    def __init__(self, region: Administration) -> None:
        self._region, self._known = region, KnownDistricts(region)

    def receive(self, actor: Actor, name: str, filename: str, data: bytes, reason: str = "") -> Received:
        """Check a file, keep it sealed in place of the one before, and let the district be read anew.

        Raises:
            NotFound, NotPermitted: no role of the *actor* may do so.
            Conflict: the district does not take uploaded files.
            InvalidBody: the file is empty, or too large.
        """
        self._known.require(actor, name, ACTION)
        spec = self._spec(name)
        if not data or len(data) > self._region.settings().server.upload_bytes:
            most = self._region.settings().server.upload_bytes
            raise InvalidBody(
                Phrase("Send a file of 1 to %(most)s bytes.", most=f"{most:,}"), {"file": ["is empty or too large"]}
            )
        now, shown = self._region.clock(), plain_name(filename)
        upload = Upload(name, shown, len(data), sha256_of(data), now, actor.name)
        file = UploadedFile(shown, upload.size, upload.sha256, lambda: data)
        with trial():
            tried = try_connection(spec, {}, now, file)
        self._write(upload, data, tried, reason)
        return Received(tried, tried.ok, self._refresh(name) if tried.ok else "")

    def check(self, actor: Actor, name: str) -> None:
        """Refuse whoever may not upload, before anything of the file is read.

        Raises:
            NotFound, NotPermitted: no role of the *actor* may do so.
        """
        self._known.require(actor, name, ACTION)

    def _spec(self, name: str) -> DistrictSettings:
        """Return the settings that the file is for: those to be served next."""
        found = self._known.found(name)
        if found is None or self._known.declared_in_file(name):
            raise Conflict(
                Phrase(
                    "%(name)s is declared in %(file)s: its files are where that says.",
                    name=name,
                    file=self._region.settings().file.name,
                )
            )
        spec = spec_of(self._region.settings(), found, registry.find)
        if not uses_upload(spec.settings):
            raise Conflict(Phrase("The connection of %(name)s reads no uploaded files.", name=name))
        return spec

    def _write(self, upload: Upload, data: bytes, tried: Trial, reason: str) -> None:
        """Keep a file that was found good; write down the delivery and the act either way."""
        file = UploadedFile(upload.name, upload.size, upload.sha256, lambda: data)
        delivery = replace(
            as_upload(tried.delivery, UPLOAD, file.delivered, upload.actor), verdict="fresh" if tried.ok else "refused"
        )
        content = {"name": upload.name, "size": upload.size, "sha256": upload.sha256, "verdict": delivery.verdict}
        act = Act(upload.actor, "file uploaded" if tried.ok else "file refused", upload.district, content, reason)

        def write() -> None:
            with transaction(self._region.store.engine, write=True) as connection:
                if tried.ok:
                    hold_written(connection)
                    if find_written(connection, self._known.key, upload.district) is None:
                        raise NotFound(NOBODY)  # somebody has removed it meanwhile
                    keep_upload(connection, self._region.keys.derive(PURPOSE), upload, data)
                write_delivery(connection, delivery)
                write_act(connection, act, upload.at)

        self._region.store.calls.run(write)

    def _refresh(self, name: str) -> str:
        """Read the district anew from the file that is kept now; return what the refresh said against it."""
        running = self._region.running
        district = running.gateway.districts.get(name) if running else None
        if district is None or district.pause.on or not district.cached_entities:
            return ""
        try:
            district.refresh_now()
        except Overtaken:
            return ""
        except SourceError as error:
            return "; ".join(district.status().lines()[1:]) or error.told
        return ""


class UploadGate:
    """The gate before the body of an upload: who may upload is let in, one for each district at once."""

    def __init__(self, region: Administration) -> None:
        self._region, self._files = region, DistrictFiles(region)
        self._sessions = region.sessions()
        self._under_way: dict[str, float] = {}
        self._lock = threading.Lock()

    @staticmethod
    def district_of(environ: Mapping[str, str]) -> str:
        """Return the district that a request uploads a file for; empty where it is another request."""
        found = PATHS.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] in METHODS else None
        return found[1] if found else ""

    def admit(self, environ: Mapping[str, str]) -> None:
        """Let an upload in.

        Raises:
            Unauthenticated: nobody is signed in.
            NotFound, NotPermitted: who is may not upload for the district.
            Conflict: another file of the district is on its way, or too many are.
        """
        name = self.district_of(environ)
        session = self._sessions.find(_cookie(environ))
        if session is None:
            raise Unauthenticated("Sign in first.")
        self._files.check(session.actor, name)
        with self._lock:
            since = time.monotonic() - FORGOTTEN_SECONDS  # one that was never said to be over
            self._under_way = {one: began for one, began in self._under_way.items() if began > since}
            if name in self._under_way:
                raise Conflict("Another file of this district is being uploaded. Wait until it is in.")
            if len(self._under_way) >= MAX_AT_ONCE:
                raise Conflict("Other files are being uploaded. Try again in some minutes.")
            self._under_way[name] = time.monotonic()

    def leave(self, environ: Mapping[str, str]) -> None:
        """Say that an upload is over."""
        with self._lock:
            self._under_way.pop(self.district_of(environ), None)

    @contextmanager
    def inside(self, environ: Mapping[str, str]) -> Iterator[None]:
        """Let an upload in until the end of the block."""
        self.admit(environ)
        try:
            yield
        finally:
            self.leave(environ)


def plain_name(filename: str) -> str:
    """Return the name of a file without folders and without characters that are no part of a plain name."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return UNSAFE_NAME.sub("_", last)[:MAX_NAME_CHARACTERS].strip() or "upload.zip"


def _cookie(environ: Mapping[str, str]) -> str:
    """Return the session's id among the cookies of a request."""
    for part in environ.get("HTTP_COOKIE", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""
