"""The guard around a district's adapter: every failure in it becomes an error that reveals nothing of its data."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.contract import NO_HINTS, Adapter, Notes
from gateway.districts.retries import Retry
from gateway.request_slots import Interrupted, approach
from standards import errors
from standards.errors import (
    CallerError,
    ConcurrentChange,
    Conflict,
    DependentItemExists,
    Forbidden,
    GatewayError,
    InvalidBody,
    KeyChangeUnsupported,
    NonUniqueIdentity,
    NotFound,
    PreconditionFailed,
    SourceBroken,
    SourceError,
    SourceRefused,
    SourceUnavailable,
    UnresolvedReference,
    Unsupported,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from adapters.contract import Change, Departure, Hints, Manifest, Problem, Record, Tagged, Wanted
    from adapters.uploads import DeliveredFile
    from standards.edfi.model.model import Resource

OPENING_WAIT_SECONDS: Final = 2
FAILED: Final = "The adapter failed."
NOT_ACCEPTED: Final = "The district's system does not accept this."
# The messages for a write that the source refuses, whatever the adapter's own message.
REFUSALS: Final[tuple[tuple[type[CallerError], str], ...]] = (
    (KeyChangeUnsupported, "The district's system does not let the key of this record change."),
    (InvalidBody, "The district's system does not accept the document."),
    (DependentItemExists, "The district's system has records that depend on this one."),
    (NonUniqueIdentity, "The district's system has another record with this key."),
    (ConcurrentChange, "The record was changed in the district's system at the same time."),
    (Conflict, "The district's system says that others stand against it."),
    (PreconditionFailed, "The record has changed in the district's system since it was read."),
    (NotFound, "The district's system has no such record."),
    (Unsupported, "The district's system cannot do this."),
    (Forbidden, "The district's system does not let the gateway do this."),
)


class Guarded(Adapter):
    """The adapter made by *make*, opened at its first use, and retried while it cannot be opened.

    A `SourceError` passes unchanged, since only its kind and place are ever shown. Any other exception becomes a
    `SourceBroken` with the gateway's own message and the original's traceback. A `CallerError` keeps its kind, with the
    gateway's own message.
    """

    def __init__(
        self,
        district: str,
        make: Callable[[], Adapter],
        opening: Retry | None = None,
        failed: Callable[[SourceError], None] = lambda _error: None,
    ) -> None:
        self.district, self._make, self._failed = district, make, failed
        self.opening = opening or Retry()
        self._opened: tuple[Adapter, Mapping[str, Resource]] | None = None
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    @property
    def inner(self) -> Adapter:
        """The adapter itself.

        Raises:
            SourceError: it cannot be made, or cannot say what its source has beyond the standard.
        """
        return self._open()[0]

    @property
    def is_open(self) -> bool:
        """Whether the adapter is open."""
        return self._opened is not None

    def _open(self) -> tuple[Adapter, Mapping[str, Resource]]:
        opened = self._opened
        if opened is not None:
            return opened
        approach(self)
        if not self._lock.acquire(timeout=OPENING_WAIT_SECONDS):
            raise SourceUnavailable("The adapter is being opened.", OPENING_WAIT_SECONDS)
        try:
            if self._opened is None:
                self.opening.check()
                self._opened = self._made()
                self.opening.succeeded()
        except SourceError as error:
            if self.opening.failed(error):
                self._failed(error)
            raise
        finally:
            self._lock.release()
        return self._opened

    def _made(self) -> tuple[Adapter, Mapping[str, Resource]]:
        with guarding():
            made = self._make()
        try:
            with guarding():
                return made, made.beyond()
        except BaseException:
            with suppress(Exception):
                made.close()
            raise

    def reachable(self) -> None:
        """Check that the source may be contacted now, and is not in the pause after a failed opening."""
        opened = self._opened
        if opened is None:
            self.opening.check()
        else:
            opened[0].reachable()

    def delivered(self) -> DeliveredFile | None:
        """Describe the files of the source."""
        with guarding():
            return self.inner.delivered()

    @property
    def notes(self) -> Notes:  # type: ignore[override]  # those of the adapter
        """The notes from the adapter's last read; empty before it is open."""
        return self._opened[0].notes if self._opened else Notes()

    @property
    def declares(self) -> bool:  # type: ignore[override]  # the adapter's own answer
        """Whether the source's records lack what Ed-Fi requires."""
        return self.inner.declares

    @property
    def manifest(self) -> Manifest:
        """The manifest of the source."""
        with guarding():
            return self.inner.manifest

    def beyond(self) -> Mapping[str, Resource]:
        """Return the resources that the source has beyond the standard, as read when it was opened."""
        return self._open()[1]

    def check(self) -> list[Problem]:
        """Return every problem that an operator must solve."""
        with guarding():
            return self.inner.check()

    def read(self, wanted: Wanted, hints: Hints = NO_HINTS) -> Iterator[tuple[str, Record]]:
        """Read every record of the *wanted* entities."""
        with guarding():
            yield from self.inner.read(wanted, hints)

    def find(self, entity: str, identifier: str) -> Record | None:
        """Find one record by its own id."""
        with guarding():
            return self.inner.find(entity, identifier)

    def find_tagged(self, entity: str, identifier: str) -> Tagged | None:
        """Find one record by its own id, with the source's ETag."""
        with guarding():
            return self.inner.find_tagged(entity, identifier)

    def locate(self, entity: str, key: tuple[str, ...]) -> Record | None:
        """Find one record by its natural key."""
        with guarding():
            return self.inner.locate(entity, key)

    def newest(self) -> int | None:
        """Return the source's own newest change version."""
        with guarding():
            return self.inner.newest()

    def changes(self, wanted: Wanted, since: int, until: int) -> Iterator[Change]:
        """Read the changes in the source."""
        with guarding():
            yield from self.inner.changes(wanted, since, until)

    def departures(self, entity: str, since: int, until: int, *, rekeyed: bool) -> Iterator[Departure]:
        """Read deletions or key changes in the source."""
        with guarding():
            yield from self.inner.departures(entity, since, until, rekeyed=rekeyed)

    def save(self, entity: str, record: Record, *, new: bool, before: Tagged | None = None) -> str:
        """Create or replace a record; *before* is passed only where the source has ETags."""
        with guarding(refusal):
            return self.inner.save(entity, record, new=new, **_tagged(before))

    def delete(self, entity: str, identifier: str, *, before: Tagged | None = None) -> None:
        """Delete a record."""
        with guarding(lambda error: refusal(error, keep_places=False)):
            self.inner.delete(entity, identifier, **_tagged(before))

    def stamp(self) -> str:
        """Return a text that changes whenever the source's data may have changed."""
        with guarding():
            return self.inner.stamp()

    def close(self) -> None:
        """Close the adapter, if it is open."""
        if self._opened is not None:
            with suppress(Exception):
                self._opened[0].close()


def _tagged(before: Tagged | None) -> dict[str, Tagged]:
    return {"before": before} if before is not None and before.tag else {}


def unsupported(error: CallerError) -> GatewayError:
    """Return the error for a refused read: only `Unsupported` is the caller's fault."""
    return refusal(error) if isinstance(error, Unsupported) else SourceRefused("The adapter refuses what it was asked.")


@contextmanager
def guarding(refused: Callable[[CallerError], GatewayError] = unsupported) -> Iterator[None]:
    """Turn any exception of an adapter into an error without its text; *refused* turns a caller's error."""
    try:
        yield
    except SourceError as error:
        if type(error).__module__ == errors.__name__ or type(error).__module__.startswith("adapters."):
            raise
        raise nearest(error).with_traceback(error.__traceback__) from None
    except CallerError as error:
        raise refused(error).with_traceback(error.__traceback__) from None
    except GatewayError as error:
        raise SourceRefused("The adapter's settings cannot be used.").with_traceback(error.__traceback__) from None
    except (GeneratorExit, KeyboardInterrupt, Interrupted):
        raise
    except BaseException as error:  # noqa: BLE001  an adapter is third-party code, and may even try to exit
        raise SourceBroken(FAILED).with_traceback(error.__traceback__) from None


def nearest(error: SourceError) -> SourceError:
    """Return the gateway's own error class nearest to that of another package, without its messages."""
    kind = next(one for one in type(error).__mro__ if one.__module__ == errors.__name__)
    made: SourceError = kind.__new__(kind, *error.args)
    vars(made).update(vars(error))
    return made


def refusal(error: CallerError, *, keep_places: bool = True) -> GatewayError:
    """Return the gateway's own error for a write that the source refuses; paths in the document stay the source's."""
    if isinstance(error, UnresolvedReference):
        return UnresolvedReference()
    for kind, text in REFUSALS:
        if isinstance(error, kind) and isinstance(error, InvalidBody):
            return type(error)(text, {place: [NOT_ACCEPTED] for place in error.places if keep_places})
        if isinstance(error, kind):
            return kind(text)
    return SourceRefused("The adapter refuses what it was asked.")
