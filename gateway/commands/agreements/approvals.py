"""``crossing agreements``: what parties sign, what they have signed, and what state it puts an agreement in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.actor import actor
from gateway.commands.agreements.opened import registry, version_of
from gateway.commands.clients import JSON, SETTINGS

if TYPE_CHECKING:
    from gateway.signing.overview import VersionState
    from policies.agreement import Agreement

INPUT = click.Path(exists=True, dir_okay=False, path_type=Path)
VERSION = click.option("--version", type=click.IntRange(1), help="The version; the highest if not given.")
THIS_VERSION = click.option("--version", type=click.IntRange(1), required=True, help="The version.")


@click.command("list")
@JSON
@SETTINGS
def list_agreements(as_json: bool, file: Path) -> None:
    """List every version: its state, its parties and how each has approved it, and its last day."""
    with registry(file) as opened:
        states, required = opened.states(), opened.settings.must_be_signed
    if as_json:
        click.echo(json.dumps([_facts(one) for one in states], indent=2))
        return
    from rich.table import Column, Table

    from gateway.commands.clients import print_whole

    table = Table(Column("agreement", no_wrap=True), "state", "parties", "purpose", "until")
    for one in states:
        told = "\n".join(f"{party}: {how}" for party, how in one.approved)
        about = one.agreement
        table.add_row(f"{about.id}@{about.version}", one.state, told, about.purpose, about.end.isoformat())
    print_whole(table)
    if not required:
        click.echo('approvals = "off": what is in force is so without signatures.', err=True)


@click.command()
@click.argument("name", metavar="ID")
@VERSION
@JSON
@SETTINGS
def show(name: str, version: int | None, as_json: bool, file: Path) -> None:
    """Tell all about one version of ID: state, parties, who approved it when, and what stops it."""
    from gateway.one_line import one_line
    from gateway.signing.overview import ENDING, FORCE
    from gateway.storage.approvals import SIGNED

    with registry(file) as opened:
        one, required = version_of(opened.states(), name, version), opened.settings.must_be_signed
    if as_json:
        click.echo(json.dumps(_facts(one), indent=2))
        return
    about = one.agreement
    click.echo(f"{about.id}@{about.version}: {one.state}")
    click.echo(f"  file: {about.file}")
    click.echo(one_line(f"  purpose: {about.purpose}, on the basis of {about.ferpa}"))
    click.echo(f"  validity: {about.begin} to {about.end}")
    click.echo(f"  sha-256 of what is signed: {_digest(about)}")
    for party, how in one.approved:
        click.echo(one_line(f"  {party}: {how}"))
    for found in one.approvals:
        key = f", key {found.thumbprint}" if found.thumbprint else ""
        recorded = f"recorded by {found.actor}{key}"
        click.echo(one_line(f"    {found.method} for {found.party} on {found.at:%Y-%m-%d}, {recorded}"))
    if one.pending:
        click.echo(one_line(f"  {one.pending.words()}"))
        for line in one.pending.wider:
            click.echo(one_line(f"    {line}"))
    elif required and one.state in {FORCE, ENDING} and any(how != SIGNED for _, how in one.approved):
        click.echo("  it only narrows a version that both have signed, and so needs no signature")


@click.command()
@click.argument("name", metavar="ID")
@VERSION
@SETTINGS
def text(name: str, version: int | None, file: Path) -> None:
    """Print exactly the bytes that the parties of ID sign, without a newline; their sha-256 on standard error."""
    from gateway.signing.approval_book import signed_text

    with registry(file) as opened:
        about = version_of(opened.states(), name, version).agreement
    click.echo(signed_text(about), nl=False)
    click.echo(f"{about.id}@{about.version}, sha-256 {_digest(about)}", err=True)


@click.command()
@click.argument("text_file", metavar="TEXT", type=INPUT)
@click.option("--key", "key_file", type=INPUT, required=True, help="The private key: a JWK or an unencrypted PEM file.")
def sign(text_file: Path, key_file: Path) -> None:
    """Sign the file TEXT, which `text` printed, and print the signature; nothing is asked or sent, it works offline.

    Read first what the text says. The signature goes into the document, or to the operator.
    """
    import hashlib

    from gateway.signing import signatures
    from gateway.signing.party_keys import read_key
    from standards.errors import SettingsError

    content = text_file.read_bytes()
    try:
        about = json.loads(content)["agreement"]
        named = f"{about['id']}@{about['version']}"
    except (ValueError, KeyError, TypeError):
        raise SettingsError("this is not what `crossing agreements text` prints", str(text_file)) from None
    key = read_key(key_file.read_bytes(), str(key_file), private=True)
    click.echo(f"{named}, sha-256 {hashlib.sha256(content).hexdigest()}, key {key.thumbprint()}", err=True)
    click.echo(signatures.sign(content, key))


@click.command()
@click.argument("name", metavar="ID")
@THIS_VERSION
@click.option("--by", "party", required=True, help="The party: the district, or the org of the recipient.")
@click.option("--signature", "signature_file", type=INPUT, help="The file with the party's signature.")
@click.option("--reason", default="", help="Without a signature: how you know. It stays in the record.")
@SETTINGS
def approve(name: str, version: int, party: str, signature_file: Path | None, reason: str, file: Path) -> None:
    """Record that a party has approved ID, by its signature, or by your word where it has no key.

    What has only your word is marked as asserted by the operator, and never counts where signatures are required.
    """
    from gateway.signing.approval_book import subject
    from gateway.storage.approvals import ASSERTED, Approval
    from gateway.storage.registry import utc_now

    if not signature_file and not reason:
        raise click.UsageError("Give --signature FILE, or --reason TEXT where the party has no key.")
    with registry(file) as opened:
        about = version_of(opened.states(), name, version).agreement
        _check_party(about, party)
        _check_tests(about)
        if signature_file:
            found = _signed(opened.approvals, about, party, signature_file)
        else:
            found = Approval(*subject(about, party, ASSERTED), utc_now(), actor())
        fresh = opened.approvals.record(found, about.district, reason)
        after = version_of(opened.states(), name, version)
        required = opened.settings.must_be_signed
    told = "has approved it." if fresh else "has approved it before; nothing changes."
    click.echo(f"{name}@{version}: {party} {told}")
    click.echo(f"It is {after.state}; {', '.join(f'{one}: {how}' for one, how in after.approved)}.")
    if required and not signature_file:
        click.echo(f'The word of an operator does not count: approvals = "required" wants the signature of {party}.')


def _check_tests(about: Agreement) -> None:
    """Refuse a version whose own tests fail: it does not release what it says it does."""
    from gateway.reasoning.examples import failures

    for mistake, _ in failures((about,)):
        raise mistake


def _signed(registered: Any, about: Agreement, party: str, file: Path) -> Any:
    """Return the approval that the signature in *file* is, refused in the same words whatever is wrong with it."""
    from gateway.signing.approval_book import ApprovalBook
    from gateway.signing.signatures import WRONG
    from gateway.storage.registry import utc_now
    from standards.errors import CallerError

    book = ApprovalBook(registered.keys(), (), (about,), ())
    signature = file.read_bytes()[:MAX_FILE_BYTES].decode("utf-8", "replace").strip()
    found = book.signed(about, party, signature, utc_now(), actor())
    if found is None:
        raise CallerError(WRONG)
    return found


MAX_FILE_BYTES = 10_000


@click.command()
@click.argument("name", metavar="ID")
@THIS_VERSION
@click.option("--by", "party", required=True, help="The party whose approval ends.")
@click.option("--reason", required=True, help="Why; it stays in the record.")
@SETTINGS
def withdraw(name: str, version: int, party: str, reason: str, file: Path) -> None:
    """Withdraw what a party has approved: where signatures are required, that version and those before it stop.

    The running gateway follows within a second.
    """
    from gateway.storage.registry import utc_now
    from standards.errors import NotFound

    with registry(file) as opened:
        district = next((one.agreement.district for one in opened.states() if one.agreement.id == name), "")
        found = opened.approvals.withdraw(
            name, version, party, actor=actor(), reason=reason, district=district, at=utc_now()
        )
    if not found:
        raise NotFound(f"There is no approval of {name}@{version} by {party}.")
    approvals = "approval is" if found == 1 else "approvals are"
    click.echo(f"{name}@{version}: {found} {approvals} withdrawn of those by {party}.")


def _check_party(about: Agreement, party: str) -> None:
    from policies.comparison.review import parties

    if party not in parties(about):
        raise click.BadParameter(f"the parties are {' and '.join(parties(about))}", param_hint="--by")


def _digest(about: Agreement) -> str:
    import hashlib

    from gateway.signing.approval_book import signed_text

    return hashlib.sha256(signed_text(about)).hexdigest()


def _facts(one: VersionState) -> dict[str, Any]:
    about = one.agreement
    return {
        "id": about.id,
        "version": about.version,
        "state": one.state,
        "district": about.district,
        "org": about.org,
        "purpose": about.purpose,
        "from": about.begin.isoformat(),
        "to": about.end.isoformat(),
        "file": about.file,
        "approved": dict(one.approved),
        "text": about.digest,
        "signed": _digest(about),
        "stopped": one.pending.words() if one.pending else None,
        "wider": list(one.pending.wider) if one.pending else [],
    }


COMMANDS = (list_agreements, show, text, sign, approve, withdraw)
