"""Where both parties must sign, a version that has not both signatures releases nothing and replaces nothing."""

from __future__ import annotations

import pytest

from policies.comparison.review import Signers, parties, review
from policies.standing import select, stand
from standards.errors import SettingsError
from tests.policies.test_standing import text

BOTH, DISTRICT = frozenset({"maple", "reading"}), frozenset({"maple"})
WIDE, NARROW = "student.birthDate", "student.id"
ALL = "student.*"


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def write(folder, version, elements, **more):
    lines = "".join(f"  - {{path: {one}, action: allow}}\n" for one in elements)
    head = text("a", version=version, **more).partition("  - ")[0]
    (folder / f"a{version}.yaml").write_text(head + lines, "utf-8")


def served(folder, signed, withdrawn=()):
    """The versions that count, when *signed* says who has signed each."""

    def signers(one):
        return Signers(signed.get(one.version, frozenset()), withdrawn=one.version in withdrawn)

    standing = stand(folder, ("maple",), pending=lambda found: review(found, signers))
    assert standing.mistakes == ()
    return [one.version for one in standing.agreements], [one.agreement.version for one in standing.pending]


def test_a_version_that_nobody_signed_releases_nothing(folder):
    write(folder, 1, [NARROW])
    assert served(folder, {}) == ([], [1])


@pytest.mark.parametrize("party", sorted(BOTH))
def test_one_signature_is_not_two(folder, party):
    write(folder, 1, [NARROW])
    assert served(folder, {1: frozenset({party})}) == ([], [1])


def test_a_half_signed_version_that_widens_replaces_nothing(folder):
    write(folder, 1, [NARROW])
    write(folder, 2, [NARROW, WIDE])
    assert served(folder, {1: BOTH, 2: DISTRICT}) == ([1], [2])
    assert served(folder, {1: BOTH, 2: BOTH}) == ([1, 2], [])


def test_a_version_that_only_narrows_counts_at_once(folder):
    write(folder, 1, [NARROW, WIDE])
    write(folder, 2, [NARROW])
    assert served(folder, {1: BOTH}) == ([1, 2], [])


def test_what_a_narrowing_took_away_does_not_come_back_without_signatures(folder):
    write(folder, 1, [NARROW, WIDE])
    write(folder, 2, [NARROW])
    write(folder, 3, [NARROW, WIDE])
    assert served(folder, {1: BOTH}) == ([1, 2], [3])


def test_a_narrowing_of_what_is_not_signed_is_not_signed_either(folder):
    write(folder, 1, [NARROW, WIDE])
    write(folder, 2, [NARROW])
    assert served(folder, {}) == ([], [1, 2])
    write(folder, 3, [NARROW, WIDE])
    assert served(folder, {3: BOTH}) == ([3], [1, 2])


def test_an_unsigned_version_between_two_is_passed_over(folder):
    write(folder, 1, [NARROW])
    write(folder, 2, [NARROW, WIDE])
    write(
        folder,
        3,
        [NARROW],
    )
    assert served(folder, {1: BOTH}) == ([1, 3], [2])


def test_a_withdrawn_version_stops_and_none_before_it_comes_back(folder):
    write(folder, 1, [NARROW, WIDE])
    write(folder, 2, [NARROW, WIDE, "student.sex"])
    write(folder, 3, [NARROW])
    assert served(folder, {1: BOTH, 2: DISTRICT}, withdrawn={2}) == ([], [1, 2, 3])
    assert served(folder, {1: BOTH, 2: DISTRICT, 3: BOTH}, withdrawn={2}) == ([3], [1, 2])


def test_a_pending_version_conflicts_with_nobody(folder):
    write(folder, 1, [NARROW])
    (folder / "b.yaml").write_text(text("b", "one"), "utf-8")
    standing = stand(
        folder, ("maple",), pending=lambda found: review(found, lambda one: Signers(BOTH if one.id == "a" else ()))
    )
    assert ([one.id for one in standing.agreements], standing.mistakes) == (["a"], ())


def test_a_pending_version_of_other_parties_takes_no_id_from_those_who_have_signed(folder):
    write(folder, 1, [NARROW])
    write(folder, 2, [NARROW])
    path = folder / "a2.yaml"
    path.write_text(path.read_text("utf-8").replace("org: reading", "org: other"), "utf-8")
    assert served(folder, {1: BOTH, 2: DISTRICT}) == ([1], [2])
    every = frozenset({*BOTH, "other"})
    standing = stand(folder, ("maple",), pending=lambda found: review(found, lambda _: Signers(every)))
    assert standing.agreements == ()
    assert "other parties need another id" in standing.mistakes[0].message


def test_what_is_on_record_binds_an_id_for_those_who_have_signed_alone(folder):
    write(folder, 1, [NARROW])
    write(folder, 2, [NARROW, WIDE])

    def rebound(found):
        return ((SettingsError("bound to others", one.file, 1, 1), one) for one in found if one.version > 1)

    def pending(signed):
        return lambda found: review(found, lambda one: Signers(signed.get(one.version, frozenset())))

    standing = stand(folder, ("maple",), pending=pending({1: BOTH}), rebound=rebound)
    assert ([one.version for one in standing.agreements], standing.mistakes) == ([1], ())
    standing = stand(folder, ("maple",), pending=pending({1: BOTH, 2: BOTH}), rebound=rebound)
    assert standing.agreements == ()
    assert standing.mistakes[0].message.endswith("bound to others")
    again = select(standing.reading, pending({1: BOTH}), rebound)
    assert [one.version for one in again.agreements] == [1]


def test_a_version_given_twice_is_wrong_though_it_is_pending(folder):
    write(folder, 1, [NARROW])
    (folder / "copy.yaml").write_text((folder / "a1.yaml").read_text("utf-8"), "utf-8")
    standing = stand(folder, ("maple",), pending=lambda found: review(found, lambda _: Signers()))
    assert standing.agreements == ()
    assert len(standing.mistakes) == 1


def test_the_parties_are_the_district_and_the_recipient(folder):
    write(folder, 1, [ALL])
    (one,) = stand(folder, ("maple",)).agreements
    assert parties(one) == ("maple", "reading")


def test_a_pending_version_says_who_has_not_signed_it_and_what_it_widens(folder):
    write(folder, 1, [NARROW])
    write(folder, 2, [NARROW, WIDE])
    signed = {1: BOTH, 2: DISTRICT}
    standing = stand(folder, ("maple",), pending=lambda found: review(found, lambda one: Signers(signed[one.version])))
    (one,) = standing.pending
    assert one.words() == (
        "not signed by reading; it is wider than the version before: student.birthDate: allow, was not released"
    )
