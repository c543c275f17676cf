"""Operations that connect districts, try them, connect them no longer, and approve their large changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import fields

from gateway.admin.districts.connecting import Connections
from gateway.admin.districts.looking import DistrictDirectory
from gateway.admin.districts.steering import Steering
from gateway.admin_api.districts import DistrictConnectionSchema, connection_of
from gateway.admin_api.frame.bodies import AdminBody, TextLine
from gateway.admin_api.frame.operations import AdminOperations, AdminRequest, Reply
from gateway.config.districts.options import OPTIONS

if TYPE_CHECKING:
    from gateway.districts.refreshes.trials import Trial

ROUTES = AdminOperations("connections")
NAME = r"^[a-z][a-z0-9-]*$"


def _told(name: str) -> dict[str, str]:
    return {"description": OPTIONS[name].about}


class ConnectionBody(AdminBody):
    """How a district is connected, whole: what is left out has its default, but a credential stays as it was."""

    adapter = TextLine(100, required=True)
    settings = fields.Dict(keys=fields.String(), load_default=dict)
    timezone = TextLine(100)
    cache = TextLine(20)
    school_years = fields.List(fields.Integer(strict=True), metadata=_told("school_years"))
    descriptors = fields.List(TextLine(300), metadata=_told("descriptors"))
    loss = fields.Dict(keys=fields.String(), metadata=_told("loss"))
    set_aside = fields.Dict(keys=fields.String(), metadata=_told("set_aside"))
    unresolved = fields.Dict(keys=fields.String(), metadata=_told("unresolved"))
    default_category = TextLine(100, metadata=_told("default_category"))
    record_years = fields.Integer(strict=True, metadata=_told("record_years"))
    defaults = fields.Dict(keys=fields.String(), metadata=_told("defaults"))


class NewConnectionBody(ConnectionBody):
    """A district to be connected, by its name in agreements."""

    name = TextLine(40, pattern=NAME, required=True)


class GivenReason(AdminBody):
    """Why it is done."""

    reason = TextLine(500, least=0, load_default="")


class ChangeApproval(AdminBody):
    """Which change is approved, by its digest, and why."""

    digest = TextLine(128, required=True)
    reason = TextLine(500, required=True)


class TrialSchema(AdminBody):
    """What a trial came to: the rows that it found, or why it cannot be taken; *served* says whether it is now."""

    ok = fields.Boolean(required=True)
    told = fields.String(required=True)
    rows = fields.Dict(required=True)
    mistakes = fields.List(fields.List(fields.String()), required=True)
    served = fields.Boolean(required=True, allow_none=True)
    lines = fields.List(fields.String(), required=True)


class LossSchema(AdminBody):
    """Rows of an entity that would be dropped, of those there are."""

    entity = fields.String(required=True)
    gone = fields.Integer(required=True)
    held = fields.Integer(required=True)


class LargeChangeSchema(AdminBody):
    """The large change that waits for approval, by its digest, which is empty where none waits."""

    digest = fields.String(required=True)
    losses = fields.List(fields.Nested(LossSchema), required=True)


@ROUTES.add(
    "POST", "/districts", "district.connect", DistrictConnectionSchema, body=NewConnectionBody, status=201, tagged=True
)
def write_district(asked: AdminRequest) -> Reply:
    """Write down how a new district is connected; it is served once it is tried and connected."""
    name = asked.body["name"]
    Connections(asked.region).save(asked.actor, name, _given(asked), unchanged="")
    return Reply(_shown(asked, name), location=f"/districts/{name}")


@ROUTES.add(
    "PUT", "/districts/<name>", "district.connect", DistrictConnectionSchema,
    body=ConnectionBody, matched=True, tagged=True,
)  # fmt: skip
def change_district(asked: AdminRequest, name: str) -> Reply:
    """Write down how a district is connected from now on; what is served stays until that is connected."""
    unchanged = _matched(asked, name)
    Connections(asked.region).save(asked.actor, name, _given(asked), unchanged=unchanged)
    return Reply(_shown(asked, name))


@ROUTES.add("DELETE", "/districts/<name>", "district.connect", body=GivenReason, matched=True, waits=True, status=204)
def remove_district(asked: AdminRequest, name: str) -> Reply:
    """Connect a district no longer: its credentials and its uploaded file are deleted."""
    _matched(asked, name)
    asked.done(Connections(asked.region).remove(asked.actor, name, asked.body["reason"]))
    return Reply(None)


@ROUTES.add("POST", "/districts/<name>/try", "district.try", TrialSchema)
def try_district(asked: AdminRequest, name: str) -> Reply:
    """Try the connection as it is written, without keeping or serving anything of what is read."""
    return Reply(_tried(Connections(asked.region).attempt(asked.actor, name)))


@ROUTES.add("POST", "/districts/<name>/connect", "district.connect", TrialSchema, body=GivenReason, waits=True)
def connect_district(asked: AdminRequest, name: str) -> Reply:
    """Try a district as it is written, and serve it if that is good."""
    done = asked.done(Connections(asked.region).connect(asked.actor, name, asked.body["reason"]))
    return Reply(_tried(done.trial) | {"served": done.effect.served, "lines": list(done.effect.lines)})


@ROUTES.add("GET", "/districts/<name>/change", "district.read", LargeChangeSchema)
def read_change(asked: AdminRequest, name: str) -> Reply:
    """Tell which rows would be dropped by the change that waits for approval."""
    change = Steering(asked.region).change(asked.actor, name)
    losses = [{"entity": one.entity, "gone": one.gone, "held": one.held} for one in change.losses] if change else []
    return Reply({"digest": change.digest if change else "", "losses": losses})


@ROUTES.add(
    "POST", "/districts/<name>/approve", "district.approve-change", DistrictConnectionSchema,
    body=ChangeApproval, waits=True,
)  # fmt: skip
def approve_change(asked: AdminRequest, name: str) -> Reply:
    """Let the district drop just the rows of that digest, in every process."""
    asked.done(Steering(asked.region).approve(asked.actor, name, asked.body["digest"], asked.body["reason"]))
    return Reply(_shown(asked, name))


def _given(asked: AdminRequest) -> dict[str, Any]:
    return {name: value for name, value in asked.body.items() if name != "name"}


def _matched(asked: AdminRequest, name: str) -> str | None:
    """Return the version of a district that If-Match names; None for any."""
    view = DistrictDirectory(asked.region).find(asked.actor, name)
    asked.match(connection_of(view))
    return view.version if asked.conditional else None


def _shown(asked: AdminRequest, name: str) -> dict[str, Any]:
    return connection_of(DistrictDirectory(asked.region).find(asked.actor, name))


def _tried(trial: Trial) -> dict[str, Any]:
    counts = trial.delivery.counts
    return {
        "ok": trial.ok, "told": trial.told or str(counts.get("why", "")), "served": None, "lines": [],
        "rows": {entity: sizes[0] for entity, sizes in counts.get("rows", {}).items()},
        "mistakes": [list(one) for one in trial.mistakes],
    }  # fmt: skip
