"""Orders of an operator about districts: answered by the running gateway, or from the registry where none runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.districts.connecting import Connections
from gateway.admin.districts.looking import DistrictDirectory
from gateway.admin.districts.option_lines import read_options, said_options
from gateway.admin.districts.steering import Steering
from gateway.admin.districts.uploading import DistrictFiles
from gateway.admin.second_person import Waiting
from gateway.people.actor import operator
from standards.errors import CallerError, InvalidBody, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.admin.administration import Administration
    from gateway.admin.districts.connecting import Connected
    from gateway.admin.districts.looking import DistrictView
    from gateway.admin.districts.steering import Steered
    from gateway.districts.refreshes.trials import Trial
    from gateway.people.actor import Actor

    Line = Mapping[str, Any]
    Answering = Callable[[Administration, Actor, str, Mapping[str, Any]], Iterator[Line]]

MAX_NAME_CHARACTERS: Final = 80


def serve(command: str, region: Callable[[], Administration], asked: Mapping[str, Any]) -> Iterator[Line]:
    """Answer one of `COMMANDS`, in lines; what is wrong with settings is told by their places.

    Raises:
        CallerError: it is refused.
    """
    who = operator(str(asked.get("actor", ""))[:MAX_NAME_CHARACTERS])
    try:
        yield from COMMANDS[command](region(), who, str(asked.get("name", "")), asked)
    except InvalidBody as refusal:
        yield from (_line(f"{place}: {text}") for place, texts in refusal.places.items() for text in texts)
        yield _end(refusal.message, ok=False)


def _list(region: Administration, actor: Actor, _name: str, _asked: Mapping[str, Any]) -> Iterator[Line]:
    """List every district with its state."""
    for one in DistrictDirectory(region).list(actor):
        place = f"declared in {one.declared}" if one.declared else "connected by people"
        draft = "; what is written last is not connected" if one.waits and one.connected else ""
        row = {"name": one.name, "adapter": one.adapter, "state": _state(region, one), "declared": one.declared}
        yield _line(f"{one.name}: {one.adapter}, {_state(region, one)}, {place}{draft}", row=row)


def _status(region: Administration, actor: Actor, name: str, _asked: Mapping[str, Any]) -> Iterator[Line]:
    """Tell how a district is connected and served."""
    one = DistrictDirectory(region).find(actor, name)
    told, *more = one.status.lines() if one.status is not None else [_state(region, one)]
    yield _line(f"{name}: {one.adapter}, {told}")
    yield from (_line(f"  {text}") for text in more)
    yield from (_line(f"  {name}: {line}") for name, lines in said_options(one.options).items() for line in lines)
    yield from (_line(f"  settings.{setting}: {value}") for setting, value in sorted(one.settings.items()))
    if one.expected:
        late = ", and nothing new has come today" if one.late else ""
        yield _line(f"  files are expected by {one.expected}{late}")
    if one.upload is not None:
        yield _line(f"  uploaded: {one.upload.name}, {one.upload.size:,} bytes, {_moment(one.upload.at)}")
    yield _line(f"  agreements: {', '.join(one.agreements) or 'none'}")


def _files(region: Administration, actor: Actor, name: str, _asked: Mapping[str, Any]) -> Iterator[Line]:
    """List what came of the readings and files of sixty nights, the newest first."""
    for one in DistrictDirectory(region).deliveries(actor, name):
        by, why = (f" by {one.actor}" if one.actor else ""), one.counts.get("why", "")
        file = f" {one.name} ({one.size:,} bytes, sha256 {one.sha256})" if one.name else ""
        yield _line(f"{_moment(one.at)} {one.kind}{file}{by}: {one.verdict}{f': {why}' if why else ''}")
        yield from (_line(f"  {place}: {text}") for place, text in one.mistakes)


def _try(region: Administration, actor: Actor, name: str, _asked: Mapping[str, Any]) -> Iterator[Line]:
    """Read a served district now; try the connection of one that is written and not served."""
    view = DistrictDirectory(region).find(actor, name)
    if view.waits:
        yield from _tried(Connections(region).attempt(actor, name))
    else:
        yield from steered(Steering(region).read_now(actor, name))


def _pause(region: Administration, actor: Actor, name: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Begin no refresh for some time."""
    until = datetime.fromisoformat(str(asked["until"])).astimezone(UTC)
    yield _end(_told(Steering(region).pause(actor, name, until, _reason(asked))))


def _resume(region: Administration, actor: Actor, name: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """End a pause."""
    yield _end(_told(Steering(region).resume(actor, name, _reason(asked))))


def _connect(region: Administration, actor: Actor, name: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Write down how a district is connected, if that is *given*, and serve it as it is written last."""
    connections = Connections(region)
    if asked.get("given") is not None:
        given = {**asked["given"], **read_options(asked.get("options") or {})}
        connections.save(actor, name, given, _reason(asked))
        yield _line(f"{name}: written down")
    if asked.get("draft"):
        return
    done = connections.connect(actor, name, _reason(asked))
    if isinstance(done, Waiting):
        yield _waits(done)
        return
    yield from connected(done)


def _upload(region: Administration, actor: Actor, name: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Take the file at a *path* of this machine: check it, keep it sealed, and serve it."""
    path, most = Path(str(asked["path"])), region.settings().server.upload_bytes
    files = DistrictFiles(region)
    files.check(actor, name)
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise CallerError(f"The file cannot be read: {error.strerror or type(error).__name__}.") from None
    received = files.receive(actor, name, path.name, data, _reason(asked))
    if not received.kept:
        yield from _tried(received.trial)
    elif received.refreshed:
        yield _end(f"{name}: the file is kept, and not served: {received.refreshed}", ok=False)
    else:
        served = "served now" if region.running else "kept; a running gateway serves it within a second"
        yield _end(f"{name}: the file is good, and {served}")


def _remove(region: Administration, actor: Actor, name: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Connect a district no longer."""
    done = Connections(region).remove(actor, name, _reason(asked))
    yield _waits(done) if isinstance(done, Waiting) else _end(f"{name}: connected no longer")


def _approve(region: Administration, actor: Actor, name: str, asked: Mapping[str, Any]) -> Iterator[Line]:
    """List the rows at stake, or with their *digest* let just those go."""
    steering = Steering(region)
    change = steering.change(actor, name)
    if change is None:
        raise NotFound(f"Nothing of {name} waits for approval.")
    if "digest" not in asked:
        yield _end(f"{name}: would be dropped: {change.words()}", digest=change.digest)
        return
    done = steering.approve(actor, name, str(asked["digest"]), _reason(asked))
    if isinstance(done, Waiting):
        yield _waits(done)
        return
    yield _line(f"{name}: approved: {change.words()}")
    yield from steered(done)


def connected(done: Connected) -> Iterator[Line]:
    """Say what connecting a district came to."""
    if not done.trial.ok:
        yield from _tried(done.trial)
        return
    yield from (_line(f"  {text}") for text in done.effect.lines)
    if done.effect.served is None:
        yield _end(f"{done.name}: connected; a gateway that starts now serves it")
    elif done.is_being_read:
        yield _end(f"{done.name}: connected, and served once it has been read")
    else:
        yield _end(f"{done.name}: {'served now' if done.effect.served else 'NOT served'}", ok=done.effect.served)


def steered(done: Steered) -> Iterator[Line]:
    """Say what reading a district came to."""
    yield _end(f"not refreshed: {done.failed}", ok=False) if done.failed else _end(_told(done.status))


COMMANDS: Final[Mapping[str, Answering]] = {
    "districts list": _list, "districts status": _status, "districts files": _files, "districts try": _try,
    "districts pause": _pause, "districts resume": _resume, "districts connect": _connect,
    "districts upload": _upload, "districts remove": _remove, "districts approve": _approve,
}  # fmt: skip
"""The commands about districts, by their words."""

WITHOUT_GATEWAY: Final = frozenset(
    {"districts list", "districts status", "districts files", "districts connect", "districts upload"}
)
"""Those that the registry answers where no gateway runs."""


def _line(text: str, **more: Any) -> Line:
    return {"text": text, **more}


def _end(text: str, *, ok: bool = True, **more: Any) -> Line:
    return {"done": True, "ok": ok, "text": text, **more}


def _waits(waiting: Waiting) -> Line:
    """Say that a second person must confirm what was asked."""
    proposal = waiting.proposal.id
    return _end(f"It waits for a second person: crossing admins confirm {proposal} --reason …", proposal=proposal)


def _tried(trial: Trial) -> Iterator[Line]:
    """Say what a trial came to: the rows that it found, or why it found none."""
    counts = trial.delivery.counts
    yield from (_line(f"  {place}: {text}") for place, text in trial.mistakes)
    if not trial.ok:
        yield _end(f"not taken: {trial.told or counts.get('why', '')}", ok=False)
        return
    yield from (_line(f"  {entity}: {sizes[0]} rows") for entity, sizes in counts.get("rows", {}).items())
    yield _end("it can be connected as it is written")


def _told(status: Any) -> str:
    return str(status.text())


def _state(region: Administration, one: DistrictView) -> str:
    """Return the state of a district, which nobody knows of one that is connected while no gateway runs."""
    return "state not known" if one.connected and region.running is None else one.state


def _reason(asked: Mapping[str, Any]) -> str:
    return str(asked.get("reason") or "")[:500]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
