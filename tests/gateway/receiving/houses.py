"""The house of a receiving district: an ODS, an agent with its settings, and packages that come from another district."""

from __future__ import annotations

import copy
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache

import orjson

from adapters.simulators import edfi
from gateway.receiving.agent import ReceivingAgent
from gateway.receiving.gateway_client import TransferClient
from gateway.receiving.running import run_once
from gateway.receiving.settings import load
from gateway.receiving.state import StateFolder
from gateway.transfers.package.assembly import Additions, assemble
from gateway.transfers.package.contents.record import RecordContents
from gateway.transfers.package.header import PackageHeader, ReceivingKey, SendingOffice
from gateway.transfers.package.notes import RegistrarNote
from gateway.transfers.sealing.key_files import write_private_key
from gateway.transfers.sealing.manifest import SignedBy
from gateway.transfers.sealing.package import PackageParties, seal_package
from gateway.transfers.sealing.signature import sign_manifest
from standards.edfi.model.model import resources
from tests.gateway.receiving.fake_gateway import FakeGateway, serving
from tests.gateway.transfers.package.worlds import plan
from tests.gateway.transfers.sealing.sealed_packages import FIR, MAPLE, NOW, REGION, pair

TRANSFER = "0197f3a2-mover"
CANARY = "Quillfeather"
MAPLE_ORG, MAPLE_SCHOOL, FIR_ORG = 530001, 530001001, 530002
HERE = "F-100"
BORN, STATE_ID = "2010-05-07", "9000000001"


def code(kind, value, space="uri://ed-fi.org"):
    return f"{space}/{kind}Descriptor#{value}"


def state_code(value=STATE_ID):
    return {"identificationCode": value, "assigningOrganizationIdentificationCode": "state",
            "studentIdentificationSystemDescriptor": code("StudentIdentificationSystem", "State")}  # fmt: skip


def mover():
    """The record of a child as maple has it: one academic year, three courses, one of them failed."""
    student, org = {"studentUniqueId": "M-7"}, {"educationOrganizationId": MAPLE_ORG}
    term = code("Term", "Fall Semester")
    record = {
        "educationOrganizationId": MAPLE_ORG,
        "schoolYear": 2026,
        "studentUniqueId": "M-7",
        "termDescriptor": term,
    }

    def course(number, title):
        return {"courseCode": number, "educationOrganizationReference": org, "courseTitle": title, "numberOfParts": 1,
                "identificationCodes": [{"identificationCode": number, "courseIdentificationSystemDescriptor":
                                         code("CourseIdentificationSystem", "LEA course code")}]}  # fmt: skip

    def transcript(number, credit, grade, result="Pass"):
        return {"courseAttemptResultDescriptor": code("CourseAttemptResult", result),
                "courseReference": {"courseCode": number, "educationOrganizationId": MAPLE_ORG},
                "studentAcademicRecordReference": record, "attemptedCredits": 0.5, "earnedCredits": credit,
                "finalLetterGradeEarned": grade, "responsibleTeacherStaffReference": {"staffUniqueId": "T-1"},
                "whenTakenGradeLevelDescriptor": code("GradeLevel", "Ninth grade")}  # fmt: skip

    return {
        "students": [{"studentUniqueId": "M-7", "birthDate": BORN, "firstName": "Ana", "lastSurname": CANARY,
                      "middleName": "Luz", "birthCity": "Auburn"}],
        "studentEducationOrganizationAssociations": [{
            "studentReference": student, "educationOrganizationReference": org,
            "sexDescriptor": code("Sex", "Female"),
            "studentIdentificationCodes": [state_code()],
        }],
        "studentSchoolAssociations": [{
            "studentReference": student, "schoolReference": {"schoolId": MAPLE_SCHOOL}, "entryDate": "2025-09-03",
            "entryGradeLevelDescriptor": code("GradeLevel", "Ninth grade"),
        }],
        "schools": [{"schoolId": MAPLE_SCHOOL, "nameOfInstitution": "Osprey High",
                     "educationOrganizationCategories": [{"educationOrganizationCategoryDescriptor":
                                                          code("EducationOrganizationCategory", "School")}],
                     "gradeLevels": [{"gradeLevelDescriptor": code("GradeLevel", "Ninth grade")}]}],
        "courses": [course("ALG1", "Algebra I"), course("ENG9", "English 9"), course("ART", "Art")],
        "studentAcademicRecords": [{
            "studentReference": student, "educationOrganizationReference": org,
            "schoolYearTypeReference": {"schoolYear": 2026}, "termDescriptor": term, "cumulativeEarnedCredits": 1.0,
            "gradePointAverages": [{"gradePointAverageTypeDescriptor": code("GradePointAverageType", "Unweighted"),
                                    "isCumulative": True, "gradePointAverageValue": 3.12}],
        }],
        "courseTranscripts": [transcript("ALG1", 0.5, "A"), transcript("ENG9", 0.5, "B"),
                              transcript("ART", 0.0, "F", "Fail")],
        "studentHealths": [{"studentReference": student, "educationOrganizationReference": org,
                            "asOfDate": "2026-09-01", "requiredImmunizations": [
                                {"immunizationTypeDescriptor": code("ImmunizationType", "MMR"),
                                 "dates": [{"immunizationDate": "2012-05-07"}]}]}],
    }  # fmt: skip


NOTES = (RegistrarNote("contact-restricted"),)
ADDED = Additions((b"%PDF-1.7 a plan",), NOTES)


def header(transfer=TRANSFER, version=1):
    """The header of a package from maple to fir."""
    return PackageHeader(
        transfer, version, SendingOffice("maple", "5300001", "Maple School District", "(425) 555-0100"),
        ReceivingKey("fir", pair("fir enc").thumbprint(), "Fir School District"),
        "99.31(a)(2)", "sha256:" + "0" * 64, "2026-11-02T19:00:00Z", "district",
    )  # fmt: skip


def packed(documents=None, *, version=1, check=None, transfer=TRANSFER):
    """The package of a record that maple sends to fir."""
    found = mover() if documents is None else documents
    contents = RecordContents("M-7", {name: tuple(copy.deepcopy(some)) for name, some in found.items()})
    made = assemble(header(transfer, version), plan("full"), contents, ADDED)
    return made if check is None else replaced(made, check)


def replaced(made, check):
    """A package whose manifest states other totals than its files hold."""
    sections = [
        {**one, "check": {**one["check"], **check}} if "check" in one else one for one in made.manifest["sections"]
    ]
    manifest = {**made.manifest, "sections": sections}
    first = replace(made.files[0], content=orjson.dumps(manifest))
    return replace(made, manifest=manifest, files=(first, *made.files[1:]))


def sealed(made, *, signer="maple sig", signers=None, now=NOW):
    parties = PackageParties("maple", "fir", signers or {SignedBy.DISTRICT: MAPLE, SignedBy.GATEWAY: REGION}, FIR)
    signature = sign_manifest(made.signed, pair(signer))
    return b"".join(seal_package(made.signed, signature, made.sealed, parties, now))


@cache
def package(version=1):
    return sealed(packed(version=version))


def codes_in(value):
    """Every descriptor value in some documents."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name.endswith("Descriptor") and isinstance(one, str):
                yield one
            else:
                yield from codes_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from codes_in(one)


def descriptors(values):
    """The descriptor documents behind values."""
    for value in sorted(values):
        space, _, word = value.partition("#")
        yield resources()[space.rpartition("/")[2]].collection, {
            "namespace": space, "codeValue": word, "shortDescription": word,
        }  # fmt: skip


def own_documents():
    """What fir has before anything comes: the child is enrolled, the catalogue has one course, codes are the standard's."""
    student = {"studentUniqueId": HERE}
    values = {*codes_in(mover()), code("MethodCreditEarned", "Transfer credit")}
    return [
        *descriptors(values),
        *(("schoolYearTypes", {"schoolYear": year, "currentSchoolYear": year == 2027,
                               "schoolYearDescription": str(year)}) for year in (2026, 2027)),
        ("localEducationAgencies", {"localEducationAgencyId": FIR_ORG, "nameOfInstitution": "Fir School District"}),
        ("courses", {"courseCode": "MAT-9", "educationOrganizationReference": {"educationOrganizationId": FIR_ORG},
                     "courseTitle": "Mathematics 9", "numberOfParts": 1, "identificationCodes": [
                         {"identificationCode": "MAT-9", "courseIdentificationSystemDescriptor":
                          code("CourseIdentificationSystem", "LEA course code")}]}),
        ("students", {"studentUniqueId": HERE, "birthDate": BORN, "firstName": "Ana", "lastSurname": CANARY,
                      "birthCity": "Kent"}),
        ("students", {"studentUniqueId": "F-200", "birthDate": BORN, "firstName": "Bea", "lastSurname": "Other"}),
        ("studentEducationOrganizationAssociations", {
            "studentReference": student, "educationOrganizationReference": {"educationOrganizationId": FIR_ORG},
            "studentIdentificationCodes": [state_code()]}),
    ]  # fmt: skip


SETTINGS = """\
district = "fir"
state = "state"

[gateway]
url = "{gateway}/transfers/v1"
token_url = "{gateway}/oauth/token"
client_id = "fir-agent"
client_secret = "file:client.secret"
signers = ["{region}"]
allow_private = true

[keys]
private = ["fir-seal.jwk"]
signing = "fir-sign.jwk"

[senders.maple]
name = "Maple School District"
keys = ["{maple}"]

[destination]
{destination}
"""
ODS = """\
adapter = "edfi_ods"
organization = 530002
courses = "{courses}"

[destination.settings]
url = "{url}"
client_id = "crossing"
client_secret = "file:ods.secret"
writable = true
allow_private = true
"""


class House:
    """A running house: its gateway, its ODS, its folder."""

    def __init__(self, folder, gateway, running):
        self.folder, self.gateway, self.running = folder, gateway, running
        self.now = NOW

    @property
    def ods(self):
        return self.running.ods

    def write_settings(self, courses="new", destination=None):
        text = SETTINGS.format(
            gateway=self.gateway.url, region=pair("region sig").thumbprint(), maple=pair("maple sig").thumbprint(),
            destination=destination or ODS.format(url=self.running.url, courses=courses),
        )  # fmt: skip
        (self.folder / "transfers.toml").write_text(text)

    @contextmanager
    def agent(self):
        settings = load(self.folder / "transfers.toml")
        client = TransferClient(settings)
        state = StateFolder(settings.state)
        try:
            with state.locked(), closing(ReceivingAgent(settings, client, state, lambda: self.now)) as made:
                yield made
        finally:
            client.close()

    def later(self, **delta):
        self.now += timedelta(**delta)

    def documents(self, name):
        return [row.document for row in self.ods.state.ordered(resources()[name])]

    def everything(self):
        """All that the system has, with ids and versions: equal only where nothing was written."""
        return {name: dict(rows) for name, rows in self.ods.state.rows.items() if rows}

    def contents(self):
        """What the system's documents say, whatever their ids are."""
        return {
            name: sorted(repr(row.document) for row in rows.values())
            for name, rows in self.ods.state.rows.items()
            if rows
        }

    def writes(self):
        return [one for one in self.running.log if one.method in {"POST", "PUT", "DELETE"} and "/data/" in one.path]


@contextmanager
def house(folder, *, courses="new", documents=None, containers=None, **more):
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for whose, name in (("fir enc", "fir-seal.jwk"), ("fir sig", "fir-sign.jwk")):
        write_private_key(folder / name, pair(whose))
    (folder / "client.secret").write_text("gateway-secret")
    (folder / "ods.secret").write_text("ods-secret")
    keys = {"maple": MAPLE.as_jwks(), "fir": FIR.as_jwks(), "gateway": REGION.as_jwks()}
    gateway = FakeGateway({(TRANSFER, 1): package()} if containers is None else containers, keys)
    given = own_documents() if documents is None else documents
    with serving(gateway), edfi.run(edfi.Ods(copy.deepcopy(given), **more)) as running:
        made = House(folder, gateway, running)
        made.write_settings(courses)
        yield made


def run(made):
    with made.agent() as agent:
        return list(run_once(agent))


def file(made, *only, takes=()):
    with made.agent() as agent:
        agent.fetch(TRANSFER)
        return agent.file(TRANSFER, only, takes)


def outcomes(report, resource):
    return [one.outcome for one in report.filed if one.planned.resource == resource]


def local():
    """The record of the mover with a code of maple's own."""
    found = mover()
    for one in found["courseTranscripts"][:2]:
        one["courseAttemptResultDescriptor"] = LOCAL
    return found


LOCAL = code("CourseAttemptResult", "OK", "uri://maple.example")
