"""The settings of notices are read whole, and refused where a password would go in clear or stands in the file."""

from __future__ import annotations

import pytest

from gateway.config.settings import read

SERVER = 'host = "smtp.example.org"\nsender = "crossing@example.org"\n'


def mistakes(tmp_path, text):
    file = tmp_path / "gateway.toml"
    file.write_text(f"[notices]\n{text}\n", "utf-8")
    found, wrong = read(file)
    return found, [str(one).partition("gateway.toml:")[2] for one in wrong]


def test_a_mail_server_is_asked_for_encryption_unless_the_settings_say_otherwise(tmp_path, monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", "very secret")
    found, wrong = mistakes(tmp_path, f'{SERVER}user = "gate"\npassword = "env:SMTP_PASSWORD"')
    assert wrong == []
    mail = found.notices.mail
    assert (mail.port, mail.security, mail.user, mail.password) == (587, "starttls", "gate", "very secret")
    assert "very secret" not in repr(found)


def test_without_a_server_there_is_no_mail(tmp_path):
    found, wrong = mistakes(tmp_path, "")
    assert (found.notices.mail, wrong) == (None, [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('host = "smtp.example.org"', "sender"),
        (f'{SERVER}user = "gate"', "go together"),
        (f'{SERVER}user = "gate"\npassword = "hunter2"', "env:NAME or file:PATH"),
        (f'{SERVER}user = "gate"\npassword = "env:NOT_SET"', "NOT_SET"),
        (f'{SERVER}user = "g"\npassword = "env:PATH"\nsecurity = "none"', "in clear"),
        (f'{SERVER}security = "maybe"', "one of"),
        ('host = "h"\nsender = "a@b, c@d"', "one mail address"),
        ('[[notices.witnesses]]\nmail = "a@example.org"\nwebhook = "https://b.example.org"', "either"),
        ('[[notices.witnesses]]\nwebhook = "https://b.example.org"', "signed"),
        ('[[notices.witnesses]]\nwebhook = "http://b.example.org"\nsecret = "env:PATH"', "https"),
        ("[[notices.witnesses]]", "either"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, text, told):
    found, wrong = mistakes(tmp_path, text)
    assert found is None
    assert told in "\n".join(wrong)
    assert "hunter2" not in "\n".join(wrong)
