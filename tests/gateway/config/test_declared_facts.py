"""A district may say which field of its system states a restriction or a consent; what it does not say restricts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.config import settings
from gateway.config.declared_facts import DeclaredFact
from gateway.runtime.reloading import kept

HEAD = '[districts.maple]\nadapter = "oneroster_csv"\n[districts.maple.settings]\nsource = "maple"\n'
OPT_OUT = 'kind = "directory"\nelement = "oneroster.users.metadata.directoryOptOut"\n'
WORDS = 'restricted = ["Y"]\nfree = ["N"]\n'
AGREED = 'kind = "consent"\nelement = "oneroster.users.metadata.tutoring"\nempty = "restricted"\n'


def read(tmp_path, *tables):
    file = tmp_path / "gateway.toml"
    file.write_text(HEAD + "".join(f"[[districts.maple.registers]]\n{table}" for table in tables))
    return settings.read(file)


def test_facts_are_declared_in_tables_of_their_own(tmp_path):
    found, problems = read(
        tmp_path,
        OPT_OUT + WORDS + 'empty = "free"\n',
        AGREED + 'granted = ["yes"]\nagreement = "cy"\nform = "cy-2026"\n',
    )
    assert problems == []
    opt_out = DeclaredFact(
        "directory", "oneroster.users.metadata.directoryOptOut", frozenset("Y"), frozenset("N"), empty="free"
    )
    agreed = DeclaredFact(
        "consent", "oneroster.users.metadata.tutoring", granted=frozenset({"yes"}), agreement="cy", form="cy-2026"
    )
    assert found.districts["maple"].registers == (opt_out, agreed)


@pytest.mark.parametrize(
    ("table", "line", "told"),
    [
        (OPT_OUT + WORDS, 5, "registers.0.empty: Missing data for required field"),
        (OPT_OUT + WORDS + 'empty = "no"\n', 10, "must be free or restricted"),
        (OPT_OUT.replace('directory"', 'directry"') + WORDS + 'empty = "free"\n', 6, "must be one of: directory, acp"),
        (OPT_OUT + 'empty = "free"\n', 5, "say which words restrict, or which do not"),
        (OPT_OUT + WORDS.replace("N", "Y") + 'empty = "free"\n', 9, "'Y' is in both lists"),
        (OPT_OUT.replace("oneroster.users.metadata.directoryOptOut", "student.residenceStatsu") + WORDS + 'empty = "free"\n', 7, "did you mean student.residenceStatus?"),
        (OPT_OUT.replace("oneroster.users.metadata.directoryOptOut", "section.title") + WORDS + 'empty = "free"\n', 7, "this is no fact of a student"),
        (OPT_OUT.replace("oneroster.users.metadata.directoryOptOut", "student.phones") + WORDS + 'empty = "free"\n', 7, "a fact has one value"),
        (OPT_OUT + WORDS + 'empty = "free"\nagreement = "a"\n', 11, "a restriction has no such setting"),
        (AGREED + 'granted = ["yes"]\nagreement = "a"\n', 5, "a consent needs this"),
        (AGREED + 'free = ["x"]\nform = "f"\nagreement = "a"\n', 9, "a consent has no such setting"),
        (AGREED.replace('"restricted"', '"free"') + 'granted = ["y"]\nform = "f"\nagreement = "a"\n', 8, "no value is no consent"),
        (OPT_OUT + WORDS + 'empty = "free"\nopt = "x"\n', 11, "there is no such setting"),
    ],
)  # fmt: skip
def test_a_wrong_declaration_is_named_with_its_place(tmp_path, table, line, told):
    found, problems = read(tmp_path, table)
    assert found is None
    assert any(told in one.message for one in problems), problems
    assert problems[0].line == line


@pytest.mark.parametrize(
    ("value", "empty", "holds"),
    [("N", "free", False), ("Y", "free", True), ("perhaps", "free", True), ("n", "free", True), (" N ", "free", False),
     ("", "free", False), (None, "free", False), ("", "restricted", True), (None, "restricted", True)],
)  # fmt: skip
def test_an_unknown_word_restricts_and_the_declaration_says_what_no_value_is(value, empty, holds):
    assert DeclaredFact("directory", "x", frozenset({"Y"}), frozenset({"N"}), empty=empty).holds(value) is holds


@pytest.mark.parametrize(
    ("value", "granted"), [("yes", True), ("Yes", False), ("", False), (None, False), ("perhaps", False)]
)
def test_only_a_word_that_grants_is_a_consent(value, granted):
    assert DeclaredFact("consent", "x", granted=frozenset({"yes"}), agreement="a", form="f").holds(value) is granted


def test_what_is_true_or_false_is_written_in_small_letters():
    fact = DeclaredFact("directory", "x", free=frozenset({"false"}), empty="restricted")
    assert (fact.holds(value=False), fact.holds(value=True)) == (False, True)


def test_a_reload_takes_declarations_over_and_needs_no_restart(tmp_path):
    before, _ = read(tmp_path)
    after, _ = read(tmp_path, OPT_OUT + WORDS + 'empty = "free"\n[registers]\nkeep = "30d"\n')
    settings_now, restart = kept(before, after)
    assert restart == ()
    assert len(settings_now.districts["maple"].registers) == 1
    assert settings_now.keep_entries == timedelta(days=30)
