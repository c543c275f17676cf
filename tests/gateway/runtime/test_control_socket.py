"""The control socket: who is answered, for how long, and what is left behind."""

from __future__ import annotations

import socket
import stat
import threading
import time
from contextlib import contextmanager

import pytest

from gateway.runtime.control import control_socket
from gateway.runtime.control.control_socket import Control, NotRunning, ask
from standards.errors import SettingsError, StoreUnavailable


def refuse(_asked):
    yield {"text": "looking"}
    raise SettingsError("wrong", "agreements/one.yaml", 3, 7)


def fail(_asked):
    raise ZeroDivisionError("Lee")


HANDLERS = {
    "echo": lambda asked: [{"text": "heard"}, {"done": True, "ok": True, "said": asked}],
    "two words": lambda _asked: [{"text": "one"}, {"text": "two"}],
    "refuse": refuse,
    "fail": fail,
}


@contextmanager
def listening(state, handlers=HANDLERS):
    one = Control(state / control_socket.NAME, handlers)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def state(tmp_path):
    with listening(tmp_path):
        yield tmp_path


def test_a_command_is_answered_line_by_line(state):
    assert list(ask(state, "echo", name="maple")) == [
        {"text": "heard"},
        {"done": True, "ok": True, "said": {"name": "maple"}},
    ]


def test_an_answer_without_a_last_line_gets_one(state):
    assert list(ask(state, "two words"))[-1] == {"done": True, "ok": True}


def test_a_refusal_is_the_last_line_with_its_place(state):
    assert list(ask(state, "refuse"))[1:] == [{"done": True, "ok": False, "text": "agreements/one.yaml:3:7: wrong"}]


def test_a_fault_is_told_without_its_text(state):
    (answer,) = ask(state, "fail")
    assert answer["ok"] is False
    assert "Lee" not in answer["text"]


@pytest.mark.parametrize("line", [b"{\n", b"[]\n", b"7\n", b"{}\n", b'{"command": {}}\n', b'{"command": "reboot"}\n'])
def test_what_is_no_command_is_refused_with_the_commands_there_are(state, line):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(str(state / control_socket.NAME))
        one.sendall(line)
        assert b"echo, fail, refuse, two words" in one.makefile("rb").readline()


def test_only_the_owner_can_reach_the_socket(state):
    assert stat.S_IMODE((state / control_socket.NAME).stat().st_mode) == 0o600


def test_another_user_is_not_answered_even_where_the_file_would_let_it(state, monkeypatch):
    monkeypatch.setattr(control_socket, "ROOT", 4712)
    monkeypatch.setattr(control_socket.os, "geteuid", lambda: 4711)  # so that whoever runs this is another one
    with pytest.raises(StoreUnavailable):
        list(ask(state, "echo"))


def test_where_nothing_listens_the_command_says_so(tmp_path):
    with pytest.raises(NotRunning, match="No gateway is running"):
        ask(tmp_path, "echo")


def test_a_socket_left_by_a_killed_gateway_is_no_gateway_and_is_replaced(tmp_path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / control_socket.NAME))
    with pytest.raises(NotRunning):
        ask(tmp_path, "echo")
    with listening(tmp_path):
        assert list(ask(tmp_path, "two words"))


def test_a_clean_end_leaves_nothing_in_the_folder(tmp_path):
    with listening(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_end_of_one_gateway_leaves_the_socket_of_the_next(tmp_path):
    first = Control(tmp_path / control_socket.NAME, HANDLERS)
    with listening(tmp_path):
        first.close()
        assert list(ask(tmp_path, "two words"))


@pytest.mark.parametrize("temporary", ["", "c" * 100])
def test_a_state_folder_may_have_a_long_path(tmp_path, monkeypatch, temporary):
    """So may the folder for what is temporary, as on machines where every job is given one of its own."""
    (tmp_path / temporary).mkdir(exist_ok=True)
    monkeypatch.setattr(control_socket.tempfile, "tempdir", str(tmp_path / temporary))
    state = tmp_path / ("a" * 100) / ("b" * 100)
    with listening(state):
        assert list(ask(state, "two words"))
    assert list(state.iterdir()) == []


def test_a_command_that_is_not_sent_in_time_is_given_up(state, monkeypatch):
    monkeypatch.setattr(control_socket, "REQUEST_SECONDS", 0.2)
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(5)
        one.connect(str(state / control_socket.NAME))
        begun = time.monotonic()
        for _ in range(3):
            one.sendall(b"{")
            time.sleep(0.05)
        assert one.recv(10) == b""
        assert time.monotonic() - begun < 2


def test_a_command_without_an_end_is_given_up(state):
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(5)
        one.connect(str(state / control_socket.NAME))
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            one.sendall(b" " * 10_000_000)


def test_more_connections_than_there_are_places_are_closed_and_the_rest_are_answered(tmp_path):
    go = threading.Event()

    def wait(_asked):
        yield {"text": "waiting"}
        go.wait(10)

    with listening(tmp_path, {**HANDLERS, "wait": wait}):
        waiting = [ask(tmp_path, "wait") for _ in range(control_socket.MAX_CONNECTIONS)]
        assert [next(one)["text"] for one in waiting] == ["waiting"] * control_socket.MAX_CONNECTIONS
        with pytest.raises(StoreUnavailable):
            list(ask(tmp_path, "echo"))
        go.set()
        assert [list(one)[-1]["ok"] for one in waiting] == [True] * control_socket.MAX_CONNECTIONS
        assert list(ask(tmp_path, "two words"))


def test_whoever_goes_away_ends_the_handler(tmp_path):
    ended = threading.Event()

    def talk(_asked):
        try:
            while True:
                yield {"text": "x" * 10_000}
        finally:
            ended.set()

    with listening(tmp_path, {"talk": talk}):
        answers = ask(tmp_path, "talk")
        next(answers)
        answers.close()
        assert ended.wait(5)
