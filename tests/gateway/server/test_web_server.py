"""A gateway that cannot be started says why in one line."""

from __future__ import annotations

import socket

import pytest
from click.testing import CliRunner

from gateway.commands.cli import main

SETTINGS = '[server]\nport = {port}\n[districts.maple]\nadapter = "oneroster_csv"\nsettings = {{ source = "m.zip" }}\n'


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_taken_port_is_refused_in_words(tmp_path, taken):
    file = tmp_path / "gateway.toml"
    file.write_text(SETTINGS.format(port=taken), "utf-8")
    (tmp_path / "agreements").mkdir()
    ended = CliRunner().invoke(main, ["serve", str(file)])
    assert ended.exit_code == 1
    assert ended.output.startswith("Error: ")
    assert f"127.0.0.1 port {taken} cannot be listened on" in ended.output
