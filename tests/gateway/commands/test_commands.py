"""No command is without a test that runs it, and those that need nothing else are run here."""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from adapters import registry
from gateway.commands.cli import main
from tests.gateway.demo.test_twelve_questions import ROWS
from tests.support import samples
from tests.support.needs import ROOT


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        inner = isinstance(command, click.Group)
        found += commands(command, (*path, name)) if inner else [(*path, name)]
    return found


def typed() -> set[tuple[str, ...]]:
    """The beginnings of all that tests type: words of a call or a list, and the samples of the pages, which are run."""
    found: set[tuple[str, ...]] = set()
    for file in (ROOT / "tests").rglob("*.py"):
        found |= {words for node in ast.walk(ast.parse(file.read_text("utf-8"))) if (words := _command(node))}
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for block in samples.blocks(page):
            lines = [line for line in block.text.splitlines() if block.language == "console"]
            found |= {tuple(shlex.split(line[11:].rstrip("\\"))) for line in lines if _is_run(line)}
    return found | {tuple(shlex.split(command)) for _, command, _ in ROWS}


def _command(node: ast.AST) -> tuple[str, ...]:
    """The words of a command line that *node* is, if it is one."""
    match node:
        case ast.Call(func=ast.Name(id="crossing"), args=words):
            return tuple(word for number, word in enumerate(_words(words)) if word or number)
        case ast.Call(func=ast.Attribute(attr="invoke"), args=[ast.Name(id="main"), ast.List(elts=words), *_]):
            return _words(words)
        case (
            ast.List(elts=[_, ast.Constant("-m"), ast.Constant("gateway"), *words])
            | ast.List(
                elts=[_, ast.Constant("-c"), ast.Constant("from gateway.commands.cli import main; main()"), *words]
            )
        ):
            return _words(words)
        case (
            ast.List(elts=[ast.Constant(str(group)), *_] as words)
            | ast.Tuple(elts=[ast.Constant(str(group)), *_] as words)
            | ast.Call(args=[ast.Constant(str(group)), *_] as words)
        ) if isinstance(main.commands.get(group), click.Group):
            return _words(words)
        case ast.Call(args=[_, ast.Constant(str(group)), *_] as words) if isinstance(
            main.commands.get(group), click.Group
        ):
            return _words(words[1:])
    return ()


def _words(nodes: list[ast.expr]) -> tuple[str, ...]:
    return tuple(one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else "" for one in nodes)


def _is_run(line: str) -> bool:
    return line.startswith("$ crossing ") and not line[2:].startswith(samples.SHOWN_ONLY)


TYPED = typed()


@pytest.mark.parametrize("path", commands(main), ids=" ".join)
def test_every_command_is_run_by_a_test(path):
    assert any(words[: len(path)] == path for words in TYPED), f"no test types: crossing {' '.join(path)}"


def test_a_command_that_nobody_types_would_be_found():
    assert not any(words[:1] == ("adapter",) for words in TYPED)
    assert "clients remove" not in {" ".join(words[:2]) for words in TYPED}


def test_the_adapters_are_listed_with_every_setting_and_what_it_is_otherwise():
    answer = CliRunner().invoke(main, ["adapters"], catch_exceptions=False)
    assert answer.exit_code == 0
    for name in registry.names():
        assert f"{name}: " in answer.output
        for setting, kind in registry.find(name).Settings().fields.items():
            assert f"    {setting} ({'required' if kind.required else ''}" in answer.output
    assert "    resources (default []): " in answer.output


def test_what_the_systems_of_districts_can_do_is_told(tmp_path):
    samples.furnish(tmp_path)
    file = tmp_path / "gateway.toml"
    file.write_text('[districts.maple]\nadapter = "oneroster_csv"\nsettings = {source = "maple.zip"}\n', "utf-8")
    answer = CliRunner().invoke(main, ["adapters", "--settings", str(file)], catch_exceptions=False)
    assert answer.exit_code == 0
    assert "maple (oneroster_csv), OneRoster 1.2: " in answer.output
    assert "    not supported: putLineItem (PUT /lineItems/{sourcedId})" in answer.output


def test_a_reader_that_has_enough_is_told_nothing():
    """As with ``| head``: the pipe is closed before all is written."""
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-m", "gateway", "adapters"], stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writing)
    assert ran.returncode == 1
    assert ran.stderr == ""
