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
        (OPT_OUT + WORDS.replace("N", "Y") + 'empty = "free"\n', 9, "'y' is in both lists"),
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
    ("words", "empty", "frees"),
    [
        (("N",), "free", True), (("n ",), "free", True), (("Y",), "free", False), (("perhaps",), "free", False),
        (("N", "Y"), "free", False), (("N", "N"), "restricted", True), ((), "free", True), (("", " "), "free", True),
        ((), "restricted", False), (("",), "restricted", False), (None, "free", False), (None, "restricted", False),
    ],
)  # fmt: skip
def test_an_unknown_word_and_a_field_that_is_not_there_restrict_and_no_value_is_as_declared(words, empty, frees):
    assert DeclaredFact("directory", "x", frozenset({"Y"}), frozenset({"N"}), empty=empty).frees(words) is frees


@pytest.mark.parametrize(
    ("words", "granted"),
    [
        (("yes",), True),
        (("Yes",), True),
        (("no",), False),
        (("perhaps",), False),
        ((), False),
        (("",), False),
        (None, False),
    ],
)
def test_only_a_word_that_grants_is_a_consent(words, granted):
    assert DeclaredFact("consent", "x", granted=frozenset({"yes"}), agreement="a", form="f").frees(words) is granted


def test_a_reload_takes_declarations_over_and_needs_no_restart(tmp_path):
    before, _ = read(tmp_path)
    after, _ = read(tmp_path, OPT_OUT + WORDS + 'empty = "free"\n[registers]\nkeep = "30d"\n')
    settings_now, restart = kept(before, after)
    assert restart == ()
    assert len(settings_now.districts["maple"].registers) == 1
    assert settings_now.keep_entries == timedelta(days=30)
