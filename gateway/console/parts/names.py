"""Names for what the program names by ids: roles, kinds of organisations, acts on record, what acts are about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gateway.console.parts.moments import moment
from gateway.console.wording import later, retold, say, translated
from policies.roles import actions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


ROLES: Final = {
    "region-operator": later("Operator of the region"),
    "district-admin": later("District administrator"),
    "privacy-officer": later("Privacy officer"),
    "registrar": later("Registrar"),
    "approver": later("Approver"),
    "auditor": later("Auditor"),
    "educator": later("Educator"),
    "adapter-author": later("Connection engineer"),
    "cbo-admin": later("Community organization administrator"),
    "cbo-staff": later("Community organization staff"),
    "vendor-contact": later("Contact of a vendor, researcher or agency"),
}
"""What each role of `policies/roles.yaml` is called."""

KINDS: Final = {
    "region": later("Region"),
    "district": later("School district"),
    "cbo": later("Community organization"),
    "vendor": later("Vendor"),
    "sea": later("State education agency"),
    "researcher": later("Researcher"),
}
"""What each kind of organisation is called."""

LINKS: Final = {
    "invitation": later("Invitation"),
    "bootstrap": later("First invitation"),
    "recovery": later("Letting back in"),
}
"""What each kind of a one-time link for a person is called."""

SOURCES: Final = {
    "settings": later("the settings"),
    "people": later("this console"),
    "agreements": later("an agreement"),
    "clients": later("a client"),
}
"""From where an organisation is known."""

ACTS: Final = {
    "client added": later("Client registered"),
    "client enabled": later("Client enabled"),
    "client secret rotated": later("New secret for a client"),
    "client link made": later("One-time link made"),
    "client link taken back": later("One-time link taken back"),
    "client suspended": later("Client suspended"),
    "client resumed": later("Client resumed"),
    "client ended": later("Client ended"),
    "client scopes changed": later("Scopes of a client changed"),
    "agreement draft begun": later("Agreement begun"),
    "agreement draft saved": later("Agreement changed"),
    "agreement review asked for": later("Signatures asked for"),
    "agreement refused": later("Agreement refused"),
    "agreement published": later("Agreement published"),
    "agreement withdrawn": later("Agreement withdrawn"),
    "agreement served": later("Agreement takes effect"),
    "agreement no longer served": later("Agreement has no effect any more"),
    "agreement approved": later("Agreement signed"),
    "approval withdrawn": later("Signature taken back"),
    "agreement effect seen": later("Effect of an agreement counted"),
    "agreement.preview": later("One student seen as a client gets it"),
    "disclosure.child": later("Disclosures of one student looked up"),
    "why.custodian": later("Asked why a request was refused"),
    "why.recipient": later("Asked why its own request was refused"),
    "settings changed": later("Settings changed"),
    "mail turned on": later("Mail turned on"),
    "mail turned off": later("Mail turned off"),
    "organisation added": later("Organisation added"),
    "organisation renamed": later("Organisation renamed"),
    "organisation retired": later("Organisation retired"),
    "district read now": later("District read at once"),
    "district paused": later("District paused"),
    "district resumed": later("District resumed"),
    "district drafted": later("Connection of a district written down"),
    "district connected": later("District connected"),
    "district removed": later("District removed"),
    "district not served": later("District could not be served"),
    "large change approved": later("Large change approved"),
    "file uploaded": later("File uploaded"),
    "file refused": later("File refused"),
    "person invited": later("Person invited"),
    "person suspended": later("Person suspended"),
    "person resumed": later("Person resumed"),
    "person ended": later("Access of a person ended"),
    "person signed in": later("Person signed in"),
    "invitation followed": later("Invitation accepted"),
    "bootstrap followed": later("First person came in"),
    "recovery followed": later("Person let back in"),
    "invitation withdrawn": later("Invitation taken back"),
    "role given": later("Role given"),
    "role ended": later("Role ended"),
    "task opened": later("Task opened"),
    "task closed": later("Task closed"),
    "proposal withdrawn": later("Proposal taken back"),
    "act declined": later("Proposal declined"),
    "act proposed": later("Act proposed"),
    "act confirmed": later("Act confirmed"),
    "party key added": later("Signing key of a party added"),
    "party key retired": later("Signing key of a party retired"),
    "passkey added": later("Passkey added"),
    "passkey removed": later("Passkey removed"),
    "password removed": later("Password removed"),
    "identity added": later("Provider added"),
    "identity removed": later("Provider removed"),
    "password and authenticator set": later("Password and authenticator set"),
    "recovery codes renewed": later("Recovery codes renewed"),
    "transfer ask": later("Record asked for"),
    "transfer match": later("Student looked for"),
    "transfer choose": later("Student chosen for a transfer"),
    "transfer none-of-them": later("None of the students was meant"),
    "transfer redirect": later("Request passed on"),
    "transfer end": later("Request ended: not our student"),
    "transfer task": later("Decision about a record asked of a person"),
    "transfer release": later("Record released by rule"),
    "transfer attach": later("Something attached to a record"),
    "transfer detach": later("Something attached to a record taken back"),
    "transfer document shown": later("Document attached to a record looked at"),
    "transfer approve": later("Record released by a person"),
    "transfer hold": later("Record held back"),
    "transfer free": later("Record freed"),
    "transfer refuse": later("Request for a record refused"),
    "transfer pack": later("Record packed and sealed"),
    "transfer deliver": later("Record delivered"),
    "transfer accept": later("Record read back rightly"),
    "transfer resend": later("Record asked for once more"),
    "transfer file": later("Section of a record filed"),
    "transfer supplement": later("Supplement to a record released"),
    "transfer withdraw": later("Request for a record withdrawn"),
    "transfer lapse": later("Record lapsed: nobody fetched it"),
    "transfer unpack": later("Packed record deleted, to be packed anew"),
    "transfer doubt": later("Student of a request has to be named anew"),
    "transfer candidates shown": later("Students who may be meant were shown"),
    "transfer student shown": later("The student of a request was shown"),
    "transfer previewed": later("Looked at what would leave of a record"),
    "transfer manifest read": later("Read what is to be signed of a record"),
    "transfer letters shown": later("Letters to parents that are due were shown"),
    "transfer suggestions shown": later("Own students who may have a record elsewhere were shown"),
    "transfer letter written": later("Letter to parents written"),
    "transfer copy for parent": later("Copy of a record made for the parent"),
    "transfer command": later("The operator began to act for the district by a command"),
    "transfer replayed": later("Step of a transfer tried once more"),
    "transfer replay": later("Step of a transfer tried once more"),
    "own students searched": later("Own students searched"),
    "own student shown": later("An own student was shown"),
    "transfer key active": later("Key for transfers published"),
    "transfer key retiring": later("Key for transfers retired"),
    "transfer key revoked": later("Key for transfers revoked"),
}
"""What each act on record is called."""

ABOUT: Final = {
    "agreement": later("agreement"),
    "version": later("version"),
    "client": later("client"),
    "org": later("organisation"),
    "kind": later("kind"),
    "title": later("title"),
    "was": later("title before"),
    "steward": later("district"),
    "district": later("district"),
    "districts": later("districts"),
    "name": later("name"),
    "party": later("party"),
    "parties": later("parties"),
    "person": later("person"),
    "mail": later("mail address"),
    "role": later("role"),
    "roles": later("roles"),
    "entry": later("entry"),
    "entries": later("entries"),
    "register": later("register"),
    "task": later("task"),
    "due": later("deadline"),
    "until": later("until"),
    "ends": later("ends"),
    "end": later("ends"),
    "reason": later("reason"),
    "about": later("about"),
    "status": later("state"),
    "state": later("state"),
    "step": later("step"),
    "scopes": later("scopes"),
    "year": later("school year"),
    "of": later("for"),
    "recipient": later("recipient"),
    "count": later("how many"),
    "before": later("digest before"),
    "after": later("digest after"),
    "because": later("because"),
    "last": later("last day"),
    "certificate": later("certificate of destruction"),
    "proposedBy": later("proposed by"),
    "file": later("file"),
    "action": later("action"),
    "changes": later("changes"),
    "by": later("by"),
    "schoolYear": later("school year"),
    "keepOldDays": later("days that the old secret still works"),
    "settings": later("settings"),
    "two_persons": later("two persons"),
    "mail_off": later("roles that get no mail"),
    "webhook": later("webhook"),
    "digest_at": later("daily mail"),
    "expected_by": later("files expected by"),
    "language": later("language"),
    "view": later("resource"),
    "size": later("bytes"),
    "sha256": later("SHA-256"),
    "verdict": later("verdict"),
    "rows": later("rows"),
    "loss": later("rows to be dropped"),
    "text": later("text"),
    "key": later("key"),
    "forced": later("forced"),
    "method": later("how"),
    "number": later("number"),
    "transfer": later("transfer"),
    "since": later("since"),
    "why": later("why"),
    "again": later("to be tried again"),
    "sections": later("sections"),
    "event": later("digest of the event"),
    "shown": later("shown"),
    "against": later("compared with version"),
    "section": later("section"),
    "found": later("found"),
    "kid": later("key"),
    "use": later("use"),
    "inPlaceOfDistrict": later("in the place of the district"),
}
"""The labels of what an act or a task is about; one that is missing is shown as it is."""


UNSAID: Final = frozenset({"proposal"})
"""What of a task or an act says nothing to people: the ids of what a link leads to."""

BECAUSE: Final = {
    "expiry": later("the agreement has ended"),
    "revocation": later("an approval was taken back"),
    "withdrawal": later("a family has withdrawn its consent"),
}
"""After what a recipient must destroy what it has: a task has it as ``after``, where an act has a digest."""

CERTIFICATES: Final = {"required": later("is required"), "none": later("is not required")}

DIGEST: Final = re.compile("[0-9a-f]{32,}")
SHOWN_OF_A_DIGEST: Final = 12
HALF: Final = 4
"""The characters of half a number of a transfer."""
MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+)?)?")


def sentence(text: str) -> str:
    """Translate a text of the tables, such as what an action is about, and begin it with a capital."""
    said = say(text)
    return said[:1].upper() + said[1:]


def client_said(client: str) -> str:
    """Say whom numbers of students are of: a client by its name, without a space, or the people of a recipient."""
    return retold(client) if " " in client else client


def role_name(role: str) -> str:
    """Return what a role is called; of one that is not in the table any more, its id."""
    return str(ROLES.get(role, role))


def role_names(roles: Iterable[str]) -> list[str]:
    """Return what each of some roles is called."""
    return [role_name(one) for one in roles]


def kind_name(kind: str) -> str:
    """Return what a kind of organisation is called."""
    return str(KINDS.get(kind, kind))


def action_sentence(action: str) -> str:
    """Say what an action of `policies/roles.yaml` does; of one that is not there any more, its id."""
    known = actions().get(action)
    return sentence(known.about) if known is not None else action


def act_name(action: str) -> str:
    """Return what an act on record is called; one that is not known here, in the words of the record."""
    if action in ACTS:
        return str(ACTS[action])
    said = translated(action) or action
    return said[:1].upper() + said[1:]


def about(content: Mapping[str, Any]) -> str:
    """Tell in one line what a task or an act is about: the names of things, never of a student."""
    if set(content) == {"text"}:
        return str(content["text"])
    worth = {
        "because" if name == "after" and value in BECAUSE else name: value
        for name, value in content.items()
        if name not in UNSAID and value not in ("", [])
    }
    return "; ".join(f"{label(name)}: {said(name, value)}" for name, value in worth.items())


def label(name: str) -> str:
    """Return the label of a part of an act's content."""
    return str(ABOUT.get(name, name))


def said(name: str, value: Any) -> str:
    """Say a value of an act's content; several with commas."""
    if isinstance(value, dict):
        return "; ".join(f"{label(one)}: {said(one, each)}" for one, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(said(name, one) for one in value) or "–"
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    return _word(name, str(value))


def transfer_number(transfer: str) -> str:
    """Return the number by which people name a transfer to each other: the beginning of its id, in two halves."""
    return f"{transfer[:HALF]}-{transfer[HALF : 2 * HALF]}"


def _word(name: str, value: str) -> str:
    """Say one word of an act's content: a role, a kind and an action by their names, a digest in short."""
    if name in {"role", "roles"}:
        return role_name(value)
    if name in {"kind", "state", "status", "verdict"}:
        return kind_name(value) if name == "kind" else retold(value)
    if name in {"action", "of", "two_persons"} and value in actions():
        return translated(actions()[value].about) or actions()[value].about
    if name in {"because", "certificate"}:
        return str((BECAUSE if name == "because" else CERTIFICATES).get(value, value))
    if name == "transfer" or value == "":
        return transfer_number(value) if value else "–"
    shown = f"{value[:SHOWN_OF_A_DIGEST]}…" if DIGEST.fullmatch(value) else value
    return moment(value) if MOMENT.fullmatch(value) else shown
