"""A command and a snapshot know one student by the same tags, whatever kind of system the student is in."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from adapters import registry
from gateway.cache.snapshot import build_snapshot
from gateway.demo.data import write_edfi_xml, write_oneroster_12
from gateway.registers.effects.state import DistrictRegisters
from gateway.registers.effects.tags import contact_tags, student_tags
from gateway.registers.entries import RegisterState, Restriction
from gateway.registers.matching import read_students
from gateway.registers.tags import CONTACT, ID, KINDS
from standards.keys import Keyring
from tests.adapters.edfi_ods import system as ods
from tests.adapters.oneroster_rest import system as sis
from tests.gateway.registers.conftest import KEYS, TODAY
from tests.support.regions import small_district

KEYRING = Keyring(b"a key for tests, of thirty-two b")


@contextmanager
def oneroster_csv(folder):
    write_oneroster_12(small_district(), folder / "maple.zip")
    with registry.find("oneroster_csv")("maple", {"source": str(folder / "maple.zip")}) as adapter:
        yield adapter


@contextmanager
def edfi_xml(folder):
    write_edfi_xml(small_district(), folder / "maple")
    with registry.find("edfi_xml")("maple", {"source": str(folder / "maple")}) as adapter:
        yield adapter


@contextmanager
def oneroster_rest(_folder):
    with sis.system() as running, sis.source(running) as adapter:
        yield adapter


@contextmanager
def edfi_ods(_folder):
    with ods.system() as running, ods.source(running) as adapter:
        yield adapter


@pytest.mark.parametrize("opened", [oneroster_csv, oneroster_rest, edfi_xml, edfi_ods])
def test_a_command_and_a_snapshot_know_a_student_by_the_same_tags(opened, tmp_path):
    entry = Restriction("r", "maple", "acp", dict.fromkeys(KINDS, "0"), TODAY)
    registers = DistrictRegisters(RegisterState("maple", 1, (entry,)), KEYS)
    with opened(tmp_path) as adapter:
        told = read_students(adapter, "maple", KEYS, contacts=True)
        there = adapter.manifest.entities
        needs = {entity: fields for entity, fields in registers.needs().items() if entity in there}
        snapshot = build_snapshot(adapter.read(needs), "maple", KEYRING)
    assert told.found
    found = [[set(tags) for tags in student_tags(snapshot, registers, kind)] for kind in KINDS]
    by_id = {tags: row for row, some in enumerate(found[0]) for tags in some}
    for student in told.found:
        row = by_id[student.tags[ID][0]]
        for kind, tags in zip(KINDS, found, strict=True):
            outward = {KEYS.tag("maple", ID, snapshot.table("student").ids[row])} if kind == ID else set()
            assert set(student.tags[kind]) == tags[row] - (outward - set(student.tags[kind]))
            assert tags[row]
    contacts = {tag for some in contact_tags(snapshot, registers) for tag in some}
    assert told.contacts <= contacts
    assert told.contacts or "contact" not in there
    assert CONTACT not in KINDS
