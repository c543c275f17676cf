"""Errors as Ed-Fi problem details."""

from __future__ import annotations

import pytest

from standards import errors
from standards.edfi.api.envelope import problem
from standards.losses import Loss

CASES = [
    (errors.UnknownName("firstNam", "firstNam"), 400, "bad-request:parameter-validation-failed"),
    (
        errors.InvalidValue("birthDate", "The value is not valid for birthDate."),
        400,
        "bad-request:data-validation-failed",
    ),
    (errors.MalformedQuery("limit", "Limit is wrong."), 400, "bad-request:parameter-validation-failed"),
    (
        errors.InvalidBody("The body is wrong.", {"birthDate": ["is missing"]}),
        400,
        "bad-request:data-validation-failed",
    ),
    (errors.Unauthenticated("The token is not known."), 401, "security:authentication"),
    (errors.Forbidden("No scope."), 403, "security:authorization:access-denied:resource"),
    (errors.ActionForbidden("No scope."), 403, "security:authorization:access-denied:action"),
    (errors.OperationMissing(["bulk"]), 403, "security:authorization:access-denied:action"),
    (errors.NotFound("There is no such record."), 404, "not-found"),
    (errors.FeatureDisabled("It cannot tell."), 404, "system:configuration:feature-disabled"),
    (errors.NoSuchRecord("There is no such record."), 404, "not-found"),
    (errors.SnapshotNotFound("None."), 404, "not-found"),
    (errors.SnapshotReadOnly("None."), 405, "snapshots:method-not-allowed"),
    (errors.ProfileMisused("No."), 400, "profile:invalid-profile-usage"),
    (errors.UnknownProfile("None."), 406, "profile:invalid-profile-usage"),
    (errors.NotAcceptable("JSON only."), 406, "not-acceptable"),
    (errors.SourceTimeout("Late."), 504, "system:upstream-timeout"),
    (errors.OutcomeUnknown("Late."), 504, "system:upstream-timeout:outcome-unknown"),
    (errors.MethodNotAllowed("Read only."), 405, "method-not-allowed"),
    (errors.Unsupported("It cannot."), 501, "method-not-allowed"),
    (errors.PreconditionFailed("It has changed."), 412, "optimistic-lock-failed"),
    (errors.Conflict("Others depend on it."), 409, "data-conflict"),
    (errors.UnresolvedReference(["Student"]), 409, "data-conflict:unresolved-reference"),
    (errors.DependentItemExists("Others."), 409, "data-conflict:dependent-item-exists"),
    (errors.NonUniqueIdentity("Taken."), 409, "data-conflict:non-unique-identity"),
    (errors.ConcurrentChange("Both."), 409, "data-conflict:multi-user-conflict"),
    (errors.OutsidePopulation("Not theirs."), 403, "security:authorization"),
    (errors.PolicyEnforced("Hidden."), 400, "bad-request:data-policy-enforced"),
    (errors.KeyChangeUnsupported("No."), 400, "bad-request:data-validation-failed:key-change-not-supported"),
    (errors.UnsupportedMedia("JSON."), 415, "unsupported-media-type"),
    (errors.UnsupportedProfile("None."), 415, "profile:invalid-profile-usage"),
    (errors.WalkInterrupted("Start again."), 409, "data-conflict:multi-user-conflict"),
    (errors.TooManyRequests("Wait.", 3), 429, "security:too-many-requests"),
    (errors.RequestTimeout(), 408, "bad-request"),
    (errors.BodyTooLarge(1_000), 413, "bad-request"),
    (errors.CallerError("No."), 400, "bad-request"),
    (errors.SourceUnavailable("Down."), 503, "system:upstream-unavailable"),
    (errors.LossRefused([Loss("student", 3, 10)]), 503, "system:upstream-unavailable"),
    (errors.ChangesLost("Too long ago."), 502, "system:upstream-failed"),
    (errors.SourceRefused("No."), 502, "system:upstream-failed"),
    (errors.SourceBroken("Broken.", "Student.xml:3:1"), 502, "system:upstream-failed"),
    (errors.Incomplete([Loss("student", 3, 10, "rows are set aside")]), 502, "system:upstream-failed"),
    (errors.MappingError("students.birthDate is not a date."), 502, "system:upstream-failed"),
    (errors.Overloaded(), 503, "system:overloaded"),
    (errors.StoreUnavailable("The store is gone."), 503, "system:database-connection"),
    (errors.SettingsError("A setting is wrong."), 500, "system"),
    (errors.GatewayError("Unexpected."), 500, "system"),
]


def classes(kind=errors.GatewayError):
    yield kind
    for inner in kind.__subclasses__():
        yield from classes(inner)


@pytest.mark.parametrize(("error", "status", "suffix"), CASES, ids=lambda value: type(value).__name__)
def test_every_error_has_its_status_and_type(error, status, suffix):
    answered, body = problem(error, "abc")
    assert answered == body["status"] == status
    assert body["type"] == f"urn:ed-fi:api:{suffix}"
    assert body["correlationId"] == "abc"
    assert body["detail"]
    assert body["title"]
    assert set(body) <= {"detail", "type", "title", "status", "correlationId", "validationErrors", "errors"}


def test_no_class_of_error_is_left_out():
    told = {type(error) for error, _, _ in CASES} | {errors.SourceError}
    assert {kind for kind in classes() if kind.__module__ == "standards.errors"} <= told


def test_what_the_caller_did_is_told_and_what_happened_inside_is_not():
    assert problem(errors.MalformedQuery("limit", "Limit is wrong."), None)[1]["errors"] == ["Limit is wrong."]
    for error, status, _ in CASES:
        of_a_record = status == 404 and not isinstance(error, errors.FeatureDisabled | errors.SnapshotNotFound)
        if status >= 500 or of_a_record:
            assert error.message not in str(problem(error, None)[1])


def test_a_wrong_value_in_the_address_is_told_at_its_member():
    body = problem(errors.InvalidValue("birthDate", "The value is not valid for birthDate."), None)[1]
    assert body["validationErrors"] == {"$.birthDate": ["The value is not valid for birthDate."]}
    assert "errors" not in body


def test_a_wrong_body_is_told_place_by_place():
    body = problem(errors.InvalidBody("Wrong.", {"birthDate": ["is missing"], "$.a[0]": ["is no date"]}), None)[1]
    assert body["validationErrors"] == {"$.birthDate": ["is missing"], "$.a[0]": ["is no date"]}


def test_without_a_correlation_id_none_is_made_up():
    assert "correlationId" not in problem(errors.NotFound("No."), None)[1]


@pytest.mark.parametrize(
    ("error", "detail", "told"),
    [
        (errors.NotFound("No."), "The specified data could not be found.", None),
        (errors.NoSuchRecord("No."), "The specified item could not be found.", None),
        (errors.SnapshotNotFound("None."), "Snapshot not found.", ["None."]),
        (errors.PreconditionFailed("It has."), "The item has been modified by another user.", ["It has."]),
        (errors.UnresolvedReference(["Student"]), "The referenced 'Student' item does not exist.", None),
        (errors.UnresolvedReference(), "A referenced item does not exist.", None),
        (errors.KeyChangeUnsupported("Not of a Program."), "Not of a Program.", None),
        (errors.InvalidBody("No id."), "The request data was constructed incorrectly.", ["No id."]),
        (errors.CallerError("No."), "The request could not be processed. See 'errors' for details.", ["No."]),
        (errors.NonUniqueIdentity("Taken."),
         "The identifying value(s) of the item are the same as another item that already exists.", None),
        (errors.DependentItemExists("Used."),
         "The requested action cannot be performed because this item is referenced by another item.", None),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_refusal_is_in_the_words_of_an_ods(error, detail, told):
    body = problem(error, None)[1]
    assert (body["detail"], body.get("errors")) == (detail, told)
