"""The cases of the reference data in folders of their own, checked and served as operators and consumers do."""

from __future__ import annotations

import shutil
from contextlib import contextmanager

from click.testing import CliRunner

from gateway.auth.scopes import known_scopes
from gateway.commands.cli import main
from gateway.config.settings import load
from gateway.runtime.startup import run
from tests.support.needs import shared
from tests.support.regions import NOW, Clock, Region

OLD, NEW = "/ims/oneroster/v1p1/", "/ims/oneroster/rostering/v1p2/"
ROOTS = (OLD, NEW)


def case(folder, name):
    """A copy of a case, as it lies there, in a folder of its own."""
    return shutil.copytree(shared("cases", name), folder / name, copy_function=shutil.copyfile)


def check(folder, monkeypatch):
    """What ``crossing check`` says of the settings in a *folder* once the client is registered: its end and its lines."""
    monkeypatch.setattr("gateway.storage.registry.utc_now", lambda: NOW)
    settings = str(folder / "gateway.toml")
    scopes = [word for scope in known_scopes() for word in ("--scope", scope)]
    known = ["clients", "add", "tester", "--org", "tester", "--kind", "vendor", *scopes, "--settings", settings]
    assert CliRunner().invoke(main, known).exit_code == 0
    found = CliRunner().invoke(main, ["check", settings])
    return found.exit_code, found.output.splitlines()


@contextmanager
def up(folder):
    """A gateway over the settings of a case as they stand, at a time that the test moves."""
    clock, settings = Clock(), load(folder / "gateway.toml")
    running = run(settings, clock, lambda: clock().timestamp())
    app, gateway = running.state.app, running.state.gateway
    try:
        yield Region(folder, app, gateway, clock, settings.store_url, running)
    finally:
        gateway.close()


@contextmanager
def serving(folder):
    """The consumer of a case, asking a gateway over its settings."""
    with up(folder) as region:
        yield region.consumer("tester")


def listed(consumer, address, **query):
    """The records of a OneRoster list by their ids."""
    answer = consumer.ask(address, limit=1000, **query)
    assert answer.status_code == 200, answer.text
    ((_, records),) = answer.json.items()
    assert len({one["sourcedId"] for one in records}) == len(records)
    return {one["sourcedId"]: one for one in records}


def whole(consumer):
    """Whether everybody of the small district is there, in both versions and in Ed-Fi."""
    for root in ROOTS:
        assert listed(consumer, f"{root}users").keys() == {"st1", "st2", "te1"}
        assert listed(consumer, f"{root}orgs").keys() == {"D1", "S1", "S2"}
        assert listed(consumer, f"{root}enrollments").keys() == {"e1", "e2", "e3"}
    return {one["studentUniqueId"] for one in consumer.resources("students")} == {"st1", "st2"}
