"""OneRoster users, students and teachers: one user per student, staff or contact record, a role per organization."""

from __future__ import annotations

from standards.codes import outward
from standards.forms import code_value, truth
from standards.oneroster.parts import HEAD, metadata, reference, references
from standards.view import Branch, Const, Items, Kids, Links, Many, Node, To, View, v

ROLE = outward("role", "oneroster")
GRADE = outward("gradeLevel", "oneroster")


def _primacy(value: object) -> str:
    return "primary" if value else "secondary"


def _names() -> tuple[Node, ...]:
    return (
        v("enabledUser", "enabled", form=truth),
        Const("enabledUser", "true"),
        v("givenName", "name.given"),
        v("familyName", "name.family"),
        v("middleName", "name.middle"),
        v("preferredFirstName", "name.preferredGiven"),
        v("preferredMiddleName", "name.preferredMiddle"),
        v("preferredLastName", "name.preferredFamily"),
        v("pronouns"),
    )


def _account() -> tuple[Node, ...]:
    return (
        v("userMasterIdentifier", "masterIdentifier"),
        v("username"),
        Many("userIds", (Items("identifiers"),), (v("type"), v("identifier", "value"))),
    )


def _profiles() -> Many:
    credential = Many("credentials", (), (v("type", "credentialType"), v("username")))
    members = (
        v("profileId", "id"),
        v("profileType", "type"),
        v("vendorId", "vendor"),
        v("applicationId", "application"),
        v("description"),
        credential,
    )
    return Many("userProfiles", (Items("accounts"),), members)


def _codes(*steps: Kids | Items) -> Many:
    """Identification codes of an Ed-Fi source as userIds."""
    return Many("userIds", steps, (v("type", "system", form=code_value), v("identifier", "code")))


def _term() -> tuple[Node, ...]:
    return (
        v("userProfile", "account"),
        v("beginDate", "entry", type="date"),
        v("endDate", "exit", type="date"),
    )


STUDENT = Branch(
    "student",
    (
        *HEAD,
        metadata("users"),
        *_account(),
        _codes(Kids("profile", "student"), Items("identificationCodes")),
        *_names(),
        Many(
            "roles",
            (Kids("enrollment", "student"),),
            (
                v("roleType", "primary", form=_primacy),
                Const("roleType", "primary"),
                v("role", form=ROLE),
                Const("role", "student"),
                reference("org", "school", "orgs", "org"),
                *_term(),
            ),
            order=("roleType", "beginDate"),
        ),
        _profiles(),
        reference("primaryOrg", "primaryOrganization", "orgs", "org"),
        v("identifier", "identifier", "uniqueId"),
        v("email"),
        Many("email", (Kids("profile", "student"),), (v("email"),), bare=True, single="least"),
        v("sms"),
        Many("sms", (Kids("profile", "student"),), (v("sms"),), bare=True, single="least"),
        v("phone"),
        Many("phone", (Kids("profile", "student"),), (v("phone"),), bare=True, single="least"),
        references("agents", (Kids("guardianship", "student"), To("contact")), "users", "user"),
        v("grades", form=GRADE),
        Many("grades", (Kids("enrollment", "student"),), (v("grade", "grade", form=GRADE),), bare=True, distinct=True),
        references("resources", (Links("resources"),), "resources", "resource"),
    ),
    needs=("roles",),
)
STAFF = Branch(
    "staff",
    (
        *HEAD,
        metadata("users"),
        *_account(),
        _codes(Items("identificationCodes")),
        *_names(),
        Many(
            "roles",
            (Kids("employment", "staff"),),
            (
                v("roleType", "primary", form=_primacy),
                Const("roleType", "primary"),
                v("role", form=ROLE),
                v("role", "classification", form=outward("staffClassification", "oneroster")),
                reference("org", "organization", "orgs", "org"),
                v("userProfile", "account"),
                v("beginDate", "begin", type="date"),
                v("endDate", "end", type="date"),
            ),
            order=("roleType", "beginDate"),
        ),
        Many(
            "roles",
            (Kids("teaching", "staff"), To("section")),
            (Const("roleType", "primary"), Const("role", "teacher"), reference("org", "school", "orgs", "org")),
            distinct=True,
        ),
        _profiles(),
        reference("primaryOrg", "primaryOrganization", "orgs", "org"),
        v("identifier", "identifier", "uniqueId"),
        v("email"),
        v("sms"),
        v("phone"),
        references("agents", (Links("agents"),), "users", "user"),
        v("grades", form=GRADE),
        references("resources", (Links("resources"),), "resources", "resource"),
    ),
    needs=("roles",),
)
CONTACT = Branch(
    "contact",
    (
        *HEAD,
        metadata("users"),
        *_account(),
        *_names(),
        Many(
            "roles",
            (Items("roles", owners=("organization",)),),
            (
                v("roleType", "primary", form=_primacy),
                Const("roleType", "primary"),
                v("role", "kind", form=ROLE),
                reference("org", "organization", "orgs", "org"),
                v("userProfile", "account"),
                v("beginDate", "begin", type="date"),
                v("endDate", "end", type="date"),
            ),
            order=("roleType", "beginDate"),
        ),
        Many(
            "roles",
            (Kids("guardianship", "contact"), To("student"), Kids("enrollment", "student")),
            (reference("org", "school", "orgs", "org"),),
            early=(
                Const("roleType", "primary"),
                v("role", form=ROLE),
                v("role", "relation", form=outward("relation", "oneroster")),
                Const("role", "guardian"),
            ),
            distinct=True,
        ),
        _profiles(),
        reference("primaryOrg", "primaryOrganization", "orgs", "org"),
        v("identifier", "identifier", "uniqueId"),
        v("email"),
        v("sms"),
        v("phone"),
        references("agents", (Links("agents"),), "users", "user"),
        references("agents", (Kids("guardianship", "contact"), To("student")), "users", "user"),
        v("grades", form=GRADE),
        references("resources", (Links("resources"),), "resources", "resource"),
    ),
    needs=("roles",),
)
TEACHER = Branch("staff", STAFF.nodes, needs=("roles",), only=(("roles.role", "teacher"),))

VIEWS = (
    View("users", "oneroster", "user", (STUDENT, STAFF, CONTACT)),
    View("students", "oneroster", "user", (STUDENT,)),
    View("teachers", "oneroster", "user", (TEACHER,)),
)
