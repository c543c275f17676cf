"""Operations on districts: how they are connected and served, their deliveries, and what people order about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import request
from marshmallow import fields

from gateway.admin.districts.looking import DistrictDirectory
from gateway.admin.districts.steering import Steering
from gateway.admin.districts.uploading import DistrictFiles
from gateway.admin_api.frame.bodies import AdminBody, Filters, TextLine
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply

if TYPE_CHECKING:
    from gateway.admin.districts.looking import DistrictView
    from gateway.storage.people.deliveries import Delivery

ROUTES = AdminOperations("districts")


class ConnectedDistrictSchema(AdminBody):
    """A district as it is connected and served; no credential is in it."""

    name = fields.String(required=True)
    adapter = fields.String(required=True)
    state = fields.String(required=True)
    connected = fields.Boolean(required=True)
    declaredIn = fields.String(required=True)  # noqa: N815 -- JSON's spelling
    lastTried = fields.String(allow_none=True, required=True)  # noqa: N815
    lastGood = fields.String(allow_none=True, required=True)  # noqa: N815
    pausedUntil = fields.String(allow_none=True, required=True)  # noqa: N815
    agreements = fields.List(fields.String(), required=True)


class DistrictConnectionSchema(ConnectedDistrictSchema):
    """A district with how it is connected; of a credential it says when and by whom it was set."""

    waits = fields.Boolean(required=True)
    options = fields.Dict(required=True)
    settings = fields.Dict(required=True)
    credentials = fields.Dict(required=True)


class DeliverySchema(AdminBody):
    """What came of a reading, or of an uploaded file: counts and places, never a value."""

    at = fields.String(required=True)
    kind = fields.String(required=True)
    verdict = fields.String(required=True)
    counts = fields.Dict(required=True)
    mistakes = fields.List(fields.List(fields.String()), required=True)
    file = fields.String(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    actor = fields.String(required=True)


class ReceivedFileSchema(AdminBody):
    """What came of an uploaded file."""

    kept = fields.Boolean(required=True)
    mistakes = fields.List(fields.List(fields.String()), required=True)
    refreshed = fields.String(required=True)


class PauseBody(AdminBody):
    """Until when no refresh begins, and why."""

    until = fields.AwareDateTime(required=True, format="iso", default_timezone=UTC)
    reason = TextLine(500, required=True)


class FileNamed(Filters):
    """The name of an uploaded file."""

    name = TextLine(200, load_default="upload.zip")


@ROUTES.add("GET", "/districts", "district.read", ConnectedDistrictSchema, many=True)
def list_districts(asked: AdminRequest) -> Reply:
    """List the districts that who asks may know of."""
    return asked.page([_district(one) for one in DistrictDirectory(asked.region).list(asked.actor)])


@ROUTES.add("GET", "/districts/<name>", "district.read", DistrictConnectionSchema, tagged=True)
def read_district(asked: AdminRequest, name: str) -> Reply:
    """Tell how one district is connected and served."""
    return Reply(connection_of(DistrictDirectory(asked.region).find(asked.actor, name)))


@ROUTES.add("GET", "/districts/<name>/deliveries", "district.read", DeliverySchema, many=True)
def list_deliveries(asked: AdminRequest, name: str) -> Reply:
    """List what came of the district's readings and files in sixty nights, the newest first."""
    return asked.page([_delivery(one) for one in DistrictDirectory(asked.region).deliveries(asked.actor, name)])


@ROUTES.add("POST", "/districts/<name>/refresh", "district.try", ConnectedDistrictSchema)
def refresh_district(asked: AdminRequest, name: str) -> Reply:
    """Read the district's system now, and wait for it."""
    Steering(asked.region).read_now(asked.actor, name)
    return _found(asked, name)


@ROUTES.add("POST", "/districts/<name>/pause", "district.pause", ConnectedDistrictSchema, body=PauseBody)
def pause_district(asked: AdminRequest, name: str) -> Reply:
    """Begin no refresh until then; what there is serves until it expires."""
    Steering(asked.region).pause(asked.actor, name, asked.body["until"], asked.body["reason"])
    return _found(asked, name)


@ROUTES.add("POST", "/districts/<name>/resume", "district.pause", ConnectedDistrictSchema)
def resume_district(asked: AdminRequest, name: str) -> Reply:
    """End a pause."""
    Steering(asked.region).resume(asked.actor, name)
    return _found(asked, name)


@ROUTES.add("PUT", "/districts/<name>/upload", "district.upload", ReceivedFileSchema, file=True, filters=FileNamed)
def upload_file(asked: AdminRequest, name: str) -> Reply:
    """Check a file, keep it sealed in place of the one before, and serve it."""
    DistrictFiles(asked.region).check(asked.actor, name)
    found = DistrictFiles(asked.region).receive(asked.actor, name, asked.filters["name"], request.get_data())
    mistakes = [list(one) for one in found.trial.mistakes]
    content = {"kept": found.kept, "mistakes": mistakes, "refreshed": found.refreshed}
    return Reply(content, 200 if found.kept else 422)


def _found(asked: AdminRequest, name: str) -> Reply:
    return Reply(_district(DistrictDirectory(asked.region).find(asked.actor, name)))


def connection_of(one: DistrictView) -> dict[str, Any]:
    """Return a district as it is shown with its connection."""
    return _district(one) | {
        "waits": one.waits, "options": dict(one.options), "settings": dict(one.settings),
        "credentials": {name: dict(mark) for name, mark in one.marks.items()},
    }  # fmt: skip


def _district(one: DistrictView) -> dict[str, Any]:
    paused = one.status.paused_until if one.status else None
    return {
        "name": one.name, "adapter": one.adapter, "state": one.state, "connected": one.connected,
        "declaredIn": one.declared, "lastTried": _moment(one.last_tried), "lastGood": _moment(one.last_good),
        "pausedUntil": _moment(datetime.fromtimestamp(paused, UTC) if paused else None),
        "agreements": list(one.agreements),
    }  # fmt: skip


def _delivery(one: Delivery) -> dict[str, Any]:
    return {
        "at": _moment(one.at), "kind": one.kind, "verdict": one.verdict, "counts": dict(one.counts),
        "mistakes": [list(pair) for pair in one.mistakes], "file": one.name, "size": one.size, "sha256": one.sha256,
        "actor": one.actor,
    }  # fmt: skip


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
