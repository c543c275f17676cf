"""An adapter that fails where a test wants it to, with a child's name in whatever it raises, prints and logs."""

from __future__ import annotations

import logging
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from marshmallow import Schema, fields

from adapters import registry as adapters
from adapters.contract import Adapter, Change, Departure, Manifest
from standards.fields import fields_of
from tests.gateway.engine.school import students

if TYPE_CHECKING:
    from collections.abc import Iterator

CHILD = "Zaphodia"
EVENT = "edfi.restraintEvents"
HELD = ("organization", "student", "enrollment")
PLACES = ("constructor", "beyond", "manifest", "read", "half", "stamp", "newest", "changes", "find", "locate", "save",
          "delete", "departures")  # fmt: skip


class FailingSchema(Schema):
    """The settings of the adapter: the name of the plan."""

    plan = fields.String(required=True)


class Plan:
    """The plan of failures; *records* are what is there otherwise."""

    def __init__(self) -> None:
        self.place, self.error = "", lambda: None
        self.records = students("S1", "S2", "S3")
        self.version = 1
        self.delta = False

    def at(self, place: str) -> None:
        """Fail here if the plan says so, with a child's name in all output."""
        if place == self.place:
            print(f"{CHILD} is printed")
            print(f"{CHILD} is complained of", file=sys.stderr)
            logging.getLogger("failing").error("%s is logged", CHILD)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.warn(f"{CHILD} is warned of", stacklevel=1)
            raise self.error()


PLANS: dict[str, Plan] = {}


class Failing(Adapter):
    """An adapter that reads the plan's records until the plan makes it fail."""

    name: ClassVar[str] = "failing"
    Settings: ClassVar[type[Schema]] = FailingSchema

    def __init__(self, district: str, settings: Any) -> None:
        super().__init__(district, settings)
        self.plan = PLANS[self.settings["plan"]]
        self.plan.at("constructor")

    @property
    def manifest(self) -> Manifest:
        self.plan.at("manifest")
        held = frozenset(HELD)
        delta = held if self.plan.delta else frozenset[str]()
        return Manifest(held | {EVENT}, bulk=False, delta=delta, writes=held)

    def check(self):
        return []

    def beyond(self):
        self.plan.at("beyond")
        return {}

    def read(self, wanted, hints=()) -> Iterator[tuple[str, Any]]:
        self.plan.at("read")
        for entity, record in self.plan.records:
            if entity in wanted:
                known = fields_of(entity)
                yield entity, {name: value for name, value in record.items() if name in known or name in ("key", "id")}
                self.plan.at("half")

    def stamp(self) -> str:
        self.plan.at("stamp")
        return str(self.plan.version)

    def newest(self):
        self.plan.at("newest")
        return self.plan.version if self.plan.delta else None

    def changes(self, wanted, since, until) -> Iterator[Change]:
        self.plan.at("changes")
        yield from ()

    def find(self, entity, identifier):
        self.plan.at("find")
        return super().find(entity, identifier)

    def locate(self, entity, key):
        self.plan.at("locate")
        return super().locate(entity, key)

    def save(self, entity, record, *, new):
        self.plan.at("save")
        return record["id"]

    def delete(self, entity, identifier):
        self.plan.at("delete")

    def departures(self, entity, since, until, *, rekeyed) -> Iterator[Departure]:
        self.plan.at("departures")
        yield from ()


@contextmanager
def planned(name: str) -> Iterator[Plan]:
    """Register a plan and its adapter with the gateway until the end of the block."""
    adapters.BUILT_IN["failing"] = "tests.support.failing_adapter:Failing"
    adapters._known.cache_clear()
    PLANS[name] = Plan()
    try:
        yield PLANS[name]
    finally:
        del PLANS[name]
        if not PLANS:
            adapters.BUILT_IN.pop("failing", None)
            adapters._known.cache_clear()
