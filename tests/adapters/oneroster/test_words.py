"""A word that decides what a record is has one meaning in files and over HTTP, in both versions, or is refused."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from adapters.oneroster_csv.adapter import OneRosterCsv
from adapters.simulators.oneroster import Sis, documents, run
from standards.errors import SourceBroken
from tests.adapters.oneroster import packages as made
from tests.adapters.oneroster_rest.system import source

VERSIONS = pytest.mark.parametrize("version", ["1.1", "1.2"])
PERSONS = ("student", "staff", "contact")
CLASS_ROLES = ("placement", "teaching", "studentInvolvement", "staffInvolvement", "contactInvolvement")
STRANGERS = ["pupil", "étudiant", "ｓｔｕｄｅｎｔ", "student,teacher", "null", "0"]


def shown(version):
    """The small district of the files as the documents of a server, which shows them as they are."""
    found = documents({name.removesuffix(".csv"): rows for name, rows in made.rows("1.2").items()})
    if version == "1.1":
        for user in found["users"].values():
            roles = user.pop("roles")
            user |= {"role": roles[0]["role"], "orgs": [role["org"] for role in roles]}
    return found


@contextmanager
def served(version, found, **more):
    """The adapter over a server that has just these documents."""
    sis = Sis(found)
    sis._shown = lambda _asked, document: document
    with run(sis) as running, source(running, version=version, **more) as adapter:
        yield adapter


def over_http(version, found, *entities):
    """What a server tells of some entities, by their keys, and what was noted."""
    with served(version, found) as adapter:
        return by_key(adapter, entities), noted(adapter)


def noted(adapter):
    """What was counted, and by entity what was set aside, if anything was."""
    aside = {"aside": dict(adapter.notes.page.asides)} if adapter.notes.page.asides else {}
    return dict(adapter.notes.counts) | aside


def from_files(path, version, rows, *entities):
    """What files tell of some entities, by their keys, and what was noted."""
    headings = {name: list(file.columns) for name, file in made.facts.files(version).items()}
    files = {name: made.text(headings[name], some).encode() for name, some in rows.items()}
    files["manifest.csv"] = made.manifest(version, files).encode()
    with OneRosterCsv("maple", {"source": str(made.archive(path / "maple.zip", files))}) as adapter:
        return by_key(adapter, entities), noted(adapter)


def aside_in_files(path, version, rows):
    """The row of some files that is set aside before all others."""
    headings = {name: list(file.columns) for name, file in made.facts.files(version).items()}
    files = {name: made.text(headings[name], some).encode() for name, some in rows.items()}
    files["manifest.csv"] = made.manifest(version, files).encode()
    with OneRosterCsv("maple", {"source": str(made.archive(path / "maple.zip", files))}) as adapter:
        by_key(adapter, ())
        return first_aside(adapter)


def by_key(adapter, entities):
    wanted = entities or tuple(adapter.manifest.entities)
    found = {entity: {} for entity in wanted}
    for entity, record in adapter.read(dict.fromkeys(wanted)):
        found[entity][record["key"]] = record
    return found


def kinds(found):
    return {key[0]: kind for kind in PERSONS for key in found[kind]}


def refused(version, found):
    """The one document of a server that is set aside."""
    with served(version, found) as adapter:
        by_key(adapter, ())
        return first_aside(adapter)


def first_aside(adapter):
    """What was set aside before all else; whatever needs it may follow."""
    return adapter.notes.page.aside[0]


# What decides: the file's column with its place in the small district, and the document's member with its place.
DECIDING = {
    ("users.csv", 0, "role", "users.csv:2:6"): ("users", "u1", "role", "users[0].role"),
    ("enrollments.csv", 0, "role", "enrollments.csv:2:7"): ("enrollments", "e1", "role", "enrollments[0].role"),
    ("orgs.csv", 1, "type", "orgs.csv:3:5"): ("orgs", "s1", "type", "orgs[1].type"),
    ("academicSessions.csv", 1, "type", "academicSessions.csv:3:5"): ("academicSessions", "t", "type", "academicSessions[0].type"),
    ("classes.csv", 0, "classType", "classes.csv:2:8"): ("classes", "k", "classType", "classes[0].classType"),
    ("orgs.csv", 0, "status", "orgs.csv:2:2"): ("orgs", "d", "status", "orgs[0].status"),
    ("users.csv", 2, "status", "users.csv:4:2"): ("users", "u3", "status", "users[2].status"),
    ("enrollments.csv", 1, "status", "enrollments.csv:3:2"): ("enrollments", "e2", "status", "enrollments[1].status"),
    ("demographics.csv", 0, "status", "demographics.csv:2:2"): ("demographics", "u1", "status", "demographics[0].status"),
}  # fmt: skip
EVERYWHERE = pytest.mark.parametrize(("cell", "member"), DECIDING.items(), ids=lambda one: f"{one[0]} {one[2]}")


@EVERYWHERE
@pytest.mark.parametrize("word", STRANGERS)
def test_a_word_that_no_list_knows_is_refused_with_its_place_and_not_repeated(tmp_path, cell, member, word):
    file, number, column, place = cell
    rows = made.rows("1.1")
    rows[file][number][column] = word
    row = aside_in_files(tmp_path, "1.1", rows)
    assert row.place == place
    found = shown("1.1")
    found[member[0]][member[1]][member[2]] = word
    error = refused("1.1", found)
    assert error.place == member[3]
    assert row.told == f"{column} is not one of the listed values"
    assert error.reason == "is not one of the listed values"
    assert word not in row.key + error.key


@EVERYWHERE
@pytest.mark.parametrize("value", [True, ["student"], {"role": "student"}, 7])
def test_a_value_that_is_no_word_is_refused_with_its_place(cell, member, value):
    found = shown("1.1")
    found[member[0]][member[1]][member[2]] = value
    assert refused("1.1", found).place == member[3]


@pytest.mark.parametrize("missing", [None, "", ...])
def test_a_word_without_which_nobody_knows_what_a_record_is_may_not_be_missing(missing):
    for collection, identity, name, place in DECIDING.values():
        found = shown("1.1")
        if missing is ...:
            found[collection][identity].pop(name)
        else:
            found[collection][identity][name] = missing
        if name in {"status", "classType"}:  # a row without a status is there, and the API need not tell a class's type
            assert kinds(over_http("1.1", found)[0]) == {"u1": "student", "u2": "staff", "u3": "contact"}
        else:
            error = refused("1.1", found)
            assert (error.place, error.reason) == (place, "is missing")


@pytest.mark.parametrize(
    "spell",
    [str.upper, str.title, " {} ".format, "{}\t".format, lambda word: f"\u00a0{word.upper()}"],
    ids=["upper", "title", "blanks", "tab", "no break"],
)
@VERSIONS
def test_case_and_blanks_around_a_word_change_nothing(tmp_path, version, spell):
    rows, found = made.rows(version), shown(version)
    right = from_files(tmp_path, version, rows)[0], over_http(version, found)[0]
    for file, names in {
        "users.csv": ["role"], "roles.csv": ["role", "roleType"], "orgs.csv": ["type"], "classes.csv": ["classType"],
        "enrollments.csv": ["role"], "academicSessions.csv": ["type"],
    }.items():  # fmt: skip
        for row in rows.get(file, ()):
            row |= {name: spell(row[name]) for name in names if name in row}
            row["status"] = spell("active")
    for collection, name in {"users": "role", "orgs": "type", "classes": "classType", "enrollments": "role",
                             "academicSessions": "type"}.items():  # fmt: skip
        for document in found[collection].values():
            document["status"] = spell("active")
            for one in (document, *document.get("roles", ())):
                one |= {name: spell(one[name]) for name in (name, "roleType") if name in one}
    (tmp_path / "odd").mkdir()
    assert (from_files(tmp_path / "odd", version, rows)[0], over_http(version, found)[0]) == right
    assert kinds(right[0]) == kinds(right[1]) == {"u1": "student", "u2": "staff", "u3": "contact"}


@VERSIONS
@pytest.mark.parametrize(
    ("word", "how"),
    [
        ("inactive", "inactive"),
        ("InActive", "inactive"),
        ("ToBeDeleted", "deleted"),
        (" TOBEDELETED", "deleted"),
        ("tobedeleted\u00a0", "deleted"),
    ],
)
@pytest.mark.parametrize(
    "collection", ["enrollments", "users", "demographics", "orgs", "courses", "classes", "academicSessions"]
)
def test_what_the_source_takes_back_is_not_there_and_counted(tmp_path, version, word, how, collection):
    rows, found = made.rows(version), shown(version)
    file = f"{collection}.csv"
    extra = dict(rows[file][0], sourcedId="gone")
    if collection == "demographics":
        extra, rows["users.csv"] = rows[file][0], rows["users.csv"]
        found[collection]["u1"]["status"] = extra["status"] = word
    else:
        rows[file].append(extra | {"status": word})
        found[collection]["gone"] = {**next(iter(found[collection].values())), "sourcedId": "gone", "status": word}
    told, notes = from_files(tmp_path, version, rows)
    again, counts = over_http(version, found)
    assert notes[f"{file}: {how} row"] == counts[f"{collection}: {how} document"] == 1
    for records in (told, again):
        assert not any("gone" in key for some in records.values() for key in some)
        assert ("birthDate" in records["student"]["u1",]) == (collection != "demographics")


def test_a_role_that_the_source_takes_back_is_none(tmp_path):
    rows, found = made.rows("1.2"), shown("1.2")
    rows["roles.csv"].append(dict(rows["roles.csv"][0], sourcedId="r9", orgSourcedId="s2", status="Inactive"))
    found["users"]["u1"]["roles"].append(
        dict(found["users"]["u1"]["roles"][0], org={"sourcedId": "s2"}, status="ToBeDeleted")
    )
    told, notes = from_files(tmp_path, "1.2", rows)
    again, counts = over_http("1.2", found)
    assert (notes["roles.csv: inactive row"], counts["users: role: deleted document"]) == (1, 1)
    for records in (told, again):
        assert [record["school"] for record in records["enrollment"].values()] == [("s1",)]


@pytest.mark.parametrize("word", ["inactive", "ToBeDeleted"])
@VERSIONS
def test_what_a_gradebook_takes_back_is_neither_read_nor_found(version, word):
    found = shown("1.2")
    found["categories"] = {
        identity: {
            "sourcedId": identity,
            "status": status,
            "dateLastModified": "2026-08-01T00:00:00.000Z",
            "title": "Quiz",
        }
        for identity, status in {"a": "Active", "b": word}.items()
    }
    with served(version, found) as adapter:
        assert by_key(adapter, ("gradebookCategory",))["gradebookCategory"].keys() == {("a",)}
        assert adapter.find("gradebookCategory", "a")["title"] == "Quiz"
        assert adapter.find("gradebookCategory", "b") is None
        found["categories"]["a"]["status"] = "archived"
        with pytest.raises(SourceBroken) as caught:
            adapter.find("gradebookCategory", "a")
        assert caught.value.place == "categories.status"
        assert by_key(adapter, ("gradebookCategory",))["gradebookCategory"] == {}
        row = first_aside(adapter)
        assert (row.entity, row.place, row.key) == ("gradebookCategory", "categories[0].status", ("a",))


@pytest.mark.parametrize(("version", "place"), [("1.1", "users[0].orgs"), ("1.2", "users[0].roles[0].org")])
@pytest.mark.parametrize("nothing", [{}, {"orgs": None, "org": None}, {"orgs": [], "org": {}}])
def test_a_user_of_no_organization_is_set_aside_with_its_enrollment(version, place, nothing):
    found = shown(version)
    stated = found["users"]["u1"] if version == "1.1" else found["users"]["u1"]["roles"][0]
    stated.pop(place.rpartition(".")[2])
    stated |= nothing
    with served(version, found) as adapter:
        assert ("u1",) not in by_key(adapter, ())["student"]
        places = [(row.place, row.reason) for row in adapter.notes.page.aside]
    assert places[0] == (place, "is missing")
    assert ("enrollments[0]", "no role says what the user is") in places


def roles(*words, org="s1"):
    return [{"roleType": "secondary", "role": word, "org": {"sourcedId": org}} for word in words]


@pytest.mark.parametrize(
    ("stated", "kind"),
    [
        ({"roles": roles("teacher", "Student")}, "student"),
        ({"roles": roles("parent", "aide")}, "staff"),
        ({"roles": roles("RELATIVE")}, "contact"),
        ({"roles": roles("Student"), "role": "teacher", "orgs": [{"sourcedId": "s1"}]}, "student"),
        ({"roles": roles("teacher"), "role": "STUDENT", "orgs": [{"sourcedId": "s1"}]}, "student"),
        ({"role": "Student", "orgs": [{"sourcedId": "s1"}]}, "student"),
        ({"role": "administrator", "orgs": [{"sourcedId": "s1"}]}, "staff"),
    ],
)
@VERSIONS
def test_whoever_is_a_student_in_any_way_that_a_document_says_is_a_student(version, stated, kind):
    found = shown(version)
    user = found["users"]["u2"]
    for name in ("role", "roles", "orgs"):
        user.pop(name, None)
    user |= stated
    assert kinds(over_http(version, found)[0])["u2"] == kind


@pytest.mark.parametrize("stranger", ["pupil", "", None, "ext: coach"])
@VERSIONS
def test_a_strange_word_beside_a_known_one_is_refused_where_it_stands(version, stranger):
    found = shown(version)
    found["users"]["u2"]["roles"] = [*roles("student"), *roles(stranger)]
    assert refused(version, found).place == "users[1].roles[1].role"


def test_what_a_student_is_beside_is_no_enrollment_in_the_old_way_of_saying_it_either():
    found = shown("1.1")
    found["users"]["u1"]["roles"] = [*roles("teacher"), *roles("student"), *roles("aide", org="s2")]
    told, _ = over_http("1.1", found, "student", "staff", "contact", "enrollment", "employment")
    assert kinds(told)["u1"] == "student"
    assert [record["school"] for record in told["enrollment"].values()] == [("s1",)]
    assert {record["staff"] for record in told["employment"].values()} == {("u2",)}


@pytest.mark.parametrize("words", [["ext:coach"], ["ext:coach", "ext:pupil"], []])
def test_a_user_of_whom_no_listed_role_tells_is_set_aside_with_what_belongs_to_it(tmp_path, words):
    rows, found = made.rows("1.2"), shown("1.2")
    rows["users.csv"].append(dict(rows["users.csv"][1], sourcedId="u9"))
    rows["enrollments.csv"].append(dict(rows["enrollments.csv"][0], sourcedId="e9", userSourcedId="u9"))
    rows["demographics.csv"].append(dict(rows["demographics.csv"][0], sourcedId="u9"))
    rows["roles.csv"] += [
        {"sourcedId": f"r{word}".replace(":", ""), "userSourcedId": "u9", "roleType": "primary", "role": word, "orgSourcedId": "s1"}
        for word in words
    ]  # fmt: skip
    found["users"]["u9"] = {**found["users"]["u2"], "sourcedId": "u9", "roles": roles(*words)}
    found["enrollments"]["e9"] = {**found["enrollments"]["e1"], "sourcedId": "e9", "user": {"sourcedId": "u9"}}
    found["demographics"]["u9"] = {**found["demographics"]["u1"], "sourcedId": "u9"}
    for told, notes in (from_files(tmp_path, "1.2", rows), over_http("1.2", found)):
        assert kinds(told).keys() == {"u1", "u2", "u3"}
        assert not any(("u9",) in record.values() for some in told.values() for record in some.values())
        assert notes["aside"] == {"user": 1, "placement": 1}


def beside(version, changes, path):
    """A district in which users have other roles beside their own, by files and over HTTP."""
    rows, found = made.rows(version), shown(version)
    for number, (user, word, org) in enumerate(changes):
        rows["roles.csv"].append(
            {
                "sourcedId": f"b{number}",
                "userSourcedId": user,
                "roleType": "secondary",
                "role": word,
                "orgSourcedId": org,
            }
        )
        found["users"][user]["roles"] += roles(word, org=org)
    return from_files(path, version, rows)[0], over_http(version, found)[0]


def test_only_a_students_role_enrolls_and_only_an_employees_employs(tmp_path):
    changes = [("u1", "aide", "s2"), ("u1", "parent", "d"), ("u2", "guardian", "s2"), ("u2", "ext:coach", "s2"),
               ("u2", "administrator", "d"), ("u3", "ext:helper", "s2")]  # fmt: skip
    for told in beside("1.2", changes, tmp_path):
        assert [record["school"] for record in told["enrollment"].values()] == [("s1",)]
        assert {key[1] for key in told["profile"]} == {"s1"}
        assert {(record["organization"], record["role"]) for record in told["employment"].values()} == {
            (("s1",), "teacher"), (("d",), "siteAdministrator")
        }  # fmt: skip
        others = {
            kind: [(role["kind"], role["organization"]) for role in told[kind][user,].get("roles", ())]
            for kind, user in (("student", "u1"), ("staff", "u2"), ("contact", "u3"))
        }
        assert others == {
            "student": [("aide", ("s2",)), ("parent", ("d",))],
            "staff": [("guardian", ("s2",)), ("ext:coach", ("s2",))],
            "contact": [("guardian", ("s1",)), ("ext:helper", ("s2",))],
        }


# The user, the role in the class, and what the enrollment then is.
IN_CLASS = [
    ("u1", "student", "placement"), ("u1", "aide", "studentInvolvement"), ("u1", "teacher", "studentInvolvement"),
    ("u1", "proctor", "studentInvolvement"), ("u2", "teacher", "teaching"), ("u2", "student", "staffInvolvement"),
    ("u2", "aide", "staffInvolvement"), ("u2", "administrator", "staffInvolvement"),
    ("u3", "student", "contactInvolvement"), ("u3", "guardian", "contactInvolvement"),
]  # fmt: skip


@pytest.mark.parametrize(("user", "word", "entity"), IN_CLASS)
@VERSIONS
def test_an_enrollment_is_what_its_role_says(tmp_path, version, user, word, entity):
    rows, found = made.rows(version), shown(version)
    rows["enrollments.csv"].append(
        dict(rows["enrollments.csv"][0], sourcedId="e9", userSourcedId=user, role=word.upper())
    )
    found["enrollments"]["e9"] = {
        **found["enrollments"]["e1"], "sourcedId": "e9", "user": {"sourcedId": user}, "role": word.title()
    }  # fmt: skip
    for told, _ in (from_files(tmp_path, version, rows), over_http(version, found)):
        assert [name for name in CLASS_ROLES if ("e9",) in told[name]] == [entity]
        assert told[entity]["e9",]["role"] == word
        assert told[entity]["e9",]["begin"] == "2026-08-20"


def test_the_day_on_which_a_student_begins_to_help_is_not_its_first_at_the_school(tmp_path):
    rows = made.rows("1.2")
    del rows["roles.csv"][0]["beginDate"]
    rows["enrollments.csv"] += [
        dict(rows["enrollments.csv"][0], sourcedId="e8", role="aide", beginDate="2026-08-01"),
        dict(rows["enrollments.csv"][1], sourcedId="e9", role="student", beginDate="2026-08-02"),
    ]
    told, _ = from_files(tmp_path, "1.2", rows, "enrollment", "employment")
    assert [record["derivedEntry"] for record in told["enrollment"].values()] == ["2026-08-20"]
    assert [record["derivedBegin"] for record in told["employment"].values()] == ["2026-08-20"]
