"""Reasons of refusals in words: for each step what it asks, for each code what it means and who can mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from gateway.auth import request_steps as steps

Mender = Literal["developer", "registration", "provider", "registrar", "operator", "wait", "nobody"]

NOT_IN_AGREEMENT: Final = "not in the agreement"
"""All that a recipient is told of rows and facts, whether they are hidden from it or do not exist."""

BEYOND: Final = (
    "Nothing up to here refuses the request. Of what it does not show no more is told than: not in the agreement."
)
"""What a recipient is told where no step before the rows refuses a request; the rows are not looked at."""

ASKED: Final = {
    steps.ADDRESS: "Is there such an address?",
    steps.CLIENT: "Is the client registered, and may it come in?",
    steps.PACE: "Has the client a request left at its rate?",
    steps.PURPOSE: "Is it clear for which purpose it asks?",
    steps.RESOURCE: "Does the standard have this resource and operation?",
    steps.FORMAT: "Can the headers of the request be met?",
    steps.SCOPE: "Has the client the scope?",
    steps.AGREEMENT: "Is an agreement in force?",
    steps.OPERATION: "Does the agreement have the operation?",
    steps.FACTS: "Does the agreement release anything of the resource?",
    steps.SYSTEM: "Does the district's system have it?",
    steps.DISTRICT_PACE: "Has the district a request left at its rate?",
    steps.QUERY: "Can the query be read, and does all that it names exist for the client?",
    steps.ROWS: "Are there rows for the client?",
    steps.DAY: "Has the client records left for today?",
    steps.RECORD: "Can the disclosure be recorded?",
}
"""What each step asks."""


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """What a *code* means where a request is refused by it; *hidden* ones are about rows or facts."""

    text: str
    mender: Mender
    hidden: bool = False


_BROKEN = RefusalReason("The gateway or what it stands on failed; nothing was sent.", "operator")
_SYSTEM = RefusalReason("The district's system did not give what was asked of it; nothing was sent.", "operator")
_BUSY = RefusalReason("The district's system cannot be reached now, or not in time: ask again later.", "wait")
_ADDRESS = RefusalReason("There is no such address or resource: compare it with the documents of the API.", "developer")
_BODY = RefusalReason(
    "The body of the request is not as the resource wants it; the answer's own text tells where.", "developer"
)
_HEADERS = RefusalReason(
    "A header asks for something that does not exist here: a profile, a snapshot, a media type.", "developer"
)
_CONFLICT = RefusalReason(
    "The record is not as the client believes it to be, or others depend on it.", "developer", hidden=True
)
_ROWS = RefusalReason("The record is none that the agreement lets this client see.", "provider", hidden=True)

REASONS: Final = {
    "internal": _BROKEN,
    "bad-request": RefusalReason("The request itself is at fault; the answer's own text tells how.", "developer"),
    "malformed-query": RefusalReason("A parameter of the query cannot be read.", "developer"),
    "invalid-value": RefusalReason("A value in the query is none that its member can have.", "developer"),
    "unknown-name": RefusalReason(
        "The query names something that does not exist for this client.", "provider", hidden=True
    ),
    "invalid-body": _BODY,
    "key-change-not-supported": _BODY,
    "unauthenticated": RefusalReason(
        "The request carries no token that is valid now: it has expired, or was made before the client was suspended, "
        "ended or given a new secret at once. Ask for a new token.",
        "developer",
    ),
    "forbidden": RefusalReason("No scope of the client, or no agreement in force, covers the request.", "provider"),
    "action-forbidden": RefusalReason("The client has no scope for what it asks to do.", "registration"),
    "operation-missing": RefusalReason("The agreement does not have the operation that the request needs.", "provider"),
    "outside-population": _ROWS,
    "data-policy-enforced": RefusalReason(
        "A new record needs something that the agreement does not release as it is.", "provider", hidden=True
    ),
    "unsupported-media-type": RefusalReason("The body must be sent as application/json.", "developer"),
    "unsupported-profile": _HEADERS,
    "not-found": _ADDRESS,
    "record-not-found": _ROWS,
    "snapshot-not-found": _HEADERS,
    "method-not-allowed": RefusalReason("The address does not exist for this HTTP method.", "developer"),
    "snapshot-read-only": _HEADERS,
    "profile-misused": _HEADERS,
    "not-acceptable": _HEADERS,
    "unknown-profile": _HEADERS,
    "unsupported": RefusalReason("No district's system behind this address has the resource.", "nobody"),
    "feature-disabled": RefusalReason("What lies behind this address cannot offer it.", "nobody"),
    "conflict": _CONFLICT,
    "unresolved-reference": _CONFLICT,
    "dependent-item-exists": _CONFLICT,
    "non-unique-identity": _CONFLICT,
    "multi-user-conflict": _CONFLICT,
    "precondition-failed": _CONFLICT,
    "walk-interrupted": RefusalReason(
        "What the client may see changed while it was paging: begin again.", "developer", hidden=True
    ),
    "request-timeout": RefusalReason("The request did not arrive whole in time.", "developer"),
    "body-too-large": RefusalReason("The body of the request is too large.", "developer"),
    "too-many-requests": RefusalReason(
        "The client, or the district, has been asked too often, or all of today's records are sent.", "wait"
    ),
    "overloaded": RefusalReason("More requests were in the gateway than it can hold: ask again later.", "wait"),
    "source": _SYSTEM,
    "source-unavailable": _BUSY,
    "loss-refused": RefusalReason(
        "The district's data have lost many rows; somebody must approve it first.", "operator"
    ),
    "source-timeout": _BUSY,
    "outcome-unknown": RefusalReason("Whether the change was made is not known: read the record.", "developer"),
    "source-refused": _SYSTEM,
    "source-changes-lost": _SYSTEM,
    "source-broken": _SYSTEM,
    "source-incomplete": _SYSTEM,
    "mapping": _SYSTEM,
    "settings": _BROKEN,
    "store-unavailable": _BROKEN,
    "invalid_client": RefusalReason("The client is unknown, shut out, or its secret is wrong.", "registration"),
    "invalid_request": RefusalReason("The token request is not as RFC 6749 wants it.", "developer"),
    "invalid_scope": RefusalReason(
        "The client may have none of the scopes, or not the purpose, that it asks for.", "registration"
    ),
    "unauthorized_client": RefusalReason(
        "An agreement names this client, and another organisation as its recipient.", "provider"
    ),
    "unsupported_grant_type": RefusalReason("Tokens are given for client credentials only.", "developer"),
    "temporarily_unavailable": RefusalReason("Too many tokens, or too many failed attempts: wait.", "wait"),
}
"""Every code of a refusal; those of the token endpoint are in the words of OAuth."""

AT_STEP: Final = {
    (steps.CLIENT, "unauthenticated"): RefusalReason(
        "The client is not enabled, so no token of it counts.", "registration"
    ),
    (steps.PURPOSE, "forbidden"): RefusalReason(
        "Agreements for several purposes are in force for the client: the token request must name one.", "developer"
    ),
    (steps.AGREEMENT, "forbidden"): RefusalReason("No agreement in force covers the client here.", "provider"),
    (steps.SCOPE, "forbidden"): RefusalReason("The client has no scope for the operation.", "registration"),
    (steps.FACTS, "forbidden"): RefusalReason(
        "The agreement releases nothing of the resource.", "provider", hidden=True
    ),
    (steps.ROWS, "not-found"): _ROWS,
    (steps.ROWS, "forbidden"): _ROWS,
    (steps.PACE, "too-many-requests"): RefusalReason("The client asks more often than its rate allows: wait.", "wait"),
    (steps.DISTRICT_PACE, "too-many-requests"): RefusalReason(
        "The district is asked more often than its rate allows: wait.", "wait"
    ),
    (steps.DAY, "too-many-requests"): RefusalReason(
        "The agreement limits the records of a day, and they are sent: go on tomorrow.", "provider"
    ),
    (steps.SYSTEM, "bad-request"): RefusalReason(
        "Several districts could be meant: name one at the beginning of the address.", "developer"
    ),
    (steps.SYSTEM, "method-not-allowed"): RefusalReason(
        "No district's system here takes changes of the resource.", "nobody"
    ),
    (steps.SYSTEM, "malformed-query"): RefusalReason(
        "Changes can be told for one district, whose system tells them.", "nobody"
    ),
}
"""Reasons that a step makes more exact."""


def reason(step: str, code: str) -> RefusalReason:
    """Return the reason of a refusal with a *code* at a *step*; every code has one.

    Raises:
        KeyError: the code is none that a request is refused with.
    """
    return AT_STEP.get((step, code)) or REASONS[code]
