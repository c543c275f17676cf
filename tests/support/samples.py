"""Documentation samples that are run: files are written, commands are typed, requests are sent, answers compared."""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from click.testing import CliRunner
from werkzeug.test import Client
from werkzeug.wrappers import Response

from gateway.commands.cli import main
from gateway.config import settings
from gateway.demo.data import generate, school_year_of, write_edfi_xml, write_oneroster_12
from gateway.demo.data.__main__ import main as write_region
from gateway.receiving import settings as house_settings
from gateway.runtime.startup import run
from policies import agreement

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 16, 18, tzinfo=UTC)
TODAY = date(2026, 11, 16)
STUDENTS = 60
FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN_ONLY = (
    "git ",
    "cd ",
    "pip ",
    "../crossing/bin/pip ",
    "export ",
    "python3 -m gateway demo",
    "python3 -m tests",
    "crossing serve",
    "python3 -m venv",
)
WHOLE = """\
apiVersion: dsa/v1
id: sample
version: 1
parties: {provider: {district: maple}, recipient: {org: sample, kind: cbo}}
basis: {ferpa: "99.31(a)(1)", purpose: tutoring, legitimateInterest: "sample"}
validity: {from: 2026-07-01, to: 2027-06-30, timezone: America/Los_Angeles}
clients: [sample]
operations: [read]
"""
ANYTHING = "elements:\n  - {path: student.id, action: allow}\n"


@dataclass(frozen=True)
class Block:
    """One fenced sample: its language, the file it is the content of, and its text."""

    language: str
    target: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in FENCE.findall(page.read_text("utf-8"))]


def furnish(folder: Path) -> None:
    """Write the files a reader of the documentation has: two districts' files."""
    for name, write, target in (("maple", write_oneroster_12, "maple.zip"), ("cedar", write_edfi_xml, "cedar")):
        year = school_year_of(TODAY)
        write(generate(name, seed=2026, students=STUDENTS, school_year=year, today=TODAY), folder / target)


class Reader:
    """A reader that follows a page in a folder that is also the working directory."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.words = folder, {}
        self.gateway = self.web = None

    def close(self) -> None:
        if self.gateway is not None:
            self.gateway.close()
        self.gateway = self.web = None

    def prepare(self, page: list[Block]) -> None:
        """Write every file that the page shows."""
        (self.folder / "agreements").mkdir(exist_ok=True)
        for block in page:
            if block.target:
                path = self.folder / block.target
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, "utf-8")

    def follow(self, block: Block) -> None:
        """Run one sample."""
        handler = {"toml": self.toml, "yaml": self.yaml, "console": self.console, "python": self.python}
        if block.language in handler:
            handler[block.language](block)
        elif block.language == "json":
            json.loads(block.text)
        else:
            assert block.language in {"text", "mermaid"}, f"nobody tries {block.language} samples"

    def toml(self, block: Block) -> None:
        file = self.folder / (block.target or "sample.toml")
        file.write_text(block.text, "utf-8")
        if block.target == "transfers.toml":
            assert house_settings.load(file).district
            return
        assert settings.read(file)[1] == []

    def yaml(self, block: Block) -> None:
        text = block.text
        if "apiVersion:" not in text and not text.startswith("id:"):
            rest = [
                line for line in WHOLE.splitlines(keepends=True) if f"\n{line.partition(':')[0]}:" not in f"\n{text}"
            ]
            text = "".join(rest) + text + ("" if "elements:" in text else ANYTHING)
        if "apiVersion:" in text:
            file = self.folder / "agreements" / "sample"
            file.write_text(text, "utf-8")
            assert agreement.read(file)[1] == []
            file.unlink()

    def python(self, block: Block) -> None:
        self.close()
        if not block.target:
            exec(compile(block.text, "sample", "exec"), {"__name__": "sample"})

    def console(self, block: Block) -> None:
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            lines = part.split("\n")
            command = lines.pop(0)
            while command.endswith("\\"):
                command = command[:-1] + lines.pop(0)
            expected = "\n".join(lines).strip()
            if command.startswith(SHOWN_ONLY):
                continue
            actual = self.run(command).strip()
            if expected:
                pattern = ".*?".join(map(re.escape, expected.split("…")))
                assert re.fullmatch(pattern, actual, re.DOTALL), f"$ {command}\n{actual}\n--- is not ---\n{expected}"

    def run(self, command: str) -> str:
        command, _, pipe = command.partition(" | ")
        command, _, target = command.partition(" > ")
        command, _, source = command.partition(" < ")
        words = [re.sub(r"\$([A-Z]+)", lambda found: self.words[found[1]], word) for word in shlex.split(command)]
        if words[0] == "crossing":
            output = self.crossing(words[1:], Path(source).read_text("utf-8") if source else None)
            return str(Path(target).write_text(output, "utf-8"))[:0] if target else output
        if words[:3] == [".venv/bin/python", "-m", "gateway.demo.data"]:
            return CliRunner().invoke(write_region, words[3:], catch_exceptions=False).output
        assert words[0] == "curl", f"nobody tries {words[0]}"
        answer, with_headers = self.curl(words[1:])
        body = answer.get_data(as_text=True)
        if pipe:
            assert pipe == "python3 -m json.tool --no-ensure-ascii"
            body = json.dumps(json.loads(body), indent=4, ensure_ascii=False)
        found = re.search(r'"access_token":\s*"([^"]+)"', body)
        if found:
            self.words["TOKEN"] = found[1]
        head = [f"HTTP/1.1 {answer.status}", *(f"{name}: {value}" for name, value in answer.headers)]
        return "\n".join([*head, "", body]) if with_headers else body

    def crossing(self, words: list[str], given: str | None = None) -> str:
        answer = CliRunner().invoke(main, words, given, env={"COLUMNS": "200"})
        assert answer.exit_code in {0, 1}, answer.output
        assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.output
        found = re.search(r"client_secret: (\S+)", answer.output)
        if found:
            self.words["SECRET"] = found[1]
        return answer.stdout

    def curl(self, words: list[str]):
        headers, data, method, address, with_headers, query, raw = {}, {}, "GET", "", False, [], ""
        rest = iter(words)
        for word in rest:
            if word == "-u":
                headers["Authorization"] = "Basic " + b64encode(next(rest).encode()).decode()
            elif word == "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            elif word == "-d":
                name, _, value = next(rest).partition("=")
                data[name], method = value, "POST"
            elif word == "--data-urlencode":
                name, _, value = next(rest).partition("=")
                query.append(f"{name}={quote(value, safe='')}")
            elif word == "-i":
                with_headers = True
            elif word == "--json":
                raw, method = next(rest), "POST"
                headers["Content-Type"] = "application/json"
            elif word == "-X":
                method = next(rest)
            elif word not in {"-s", "-G"}:
                address = word
        path = urlsplit(address)
        assert path.netloc == "127.0.0.1:8080", address
        target = f"{path.path}?{'&'.join(filter(None, [path.query, *query]))}"
        base = "http://127.0.0.1:8080"
        return self.client().open(
            target,
            method=method,
            headers=headers,
            data=raw or data or None,
            base_url=base,
            environ_base={"REMOTE_ADDR": "127.0.0.1"},
        ), with_headers

    def client(self):
        if self.web is None:
            running = run(settings.load(self.folder / "gateway.toml"), lambda: NOW)
            self.web, self.gateway = Client(running, Response), running.state.gateway
        return self.web
