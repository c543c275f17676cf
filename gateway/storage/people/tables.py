"""The tables of people, of what they write, and of what was told to them, as of the newest migration."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from gateway.storage.tables import Instant, metadata

organisations = Table(
    "organisations",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("title", String(200), nullable=False),
    Column("steward", String(100), nullable=False),
    Column("created", Instant, nullable=False),
    Column("created_by", String(200), nullable=False),
)
"""Vendors, community organisations and others that are no district; *steward* is the district that added one."""

people = Table(
    "people",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("mail", String(254), nullable=False),
    Column("name", String(200), nullable=False),
    Column("status", String(20), nullable=False),
    Column("language", String(10), nullable=False),
    Column("created", Instant, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("last_sign_in", Instant),
)
NOT_ENDED = text("status <> 'ended'")
Index("people_mail", people.c.mail, unique=True, sqlite_where=NOT_ENDED, postgresql_where=NOT_ENDED)
"""An address belongs to one person at a time; whoever comes back after the end is another one to the registry."""

memberships = Table(
    "memberships",
    metadata,
    Column("number", Integer, Identity(), primary_key=True),
    Column("person", String(32), ForeignKey("people.id"), nullable=False, index=True),
    Column("org", String(100), nullable=False, index=True),
    Column("role", String(40), nullable=False),
    Column("begins", Instant, nullable=False),
    Column("ends", Instant),
    Column("made_by", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
)
"""Which role a person has in which organisation, from when until when; one that has ended stays.

The *kind* is that of the organisation when the role was given: it counts in no other one that takes the name later.
"""

invitations = Table(
    "invitations",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("mail", String(254), nullable=False),
    Column("name", String(200), nullable=False),
    Column("org", String(100), nullable=False, index=True),
    Column("role", String(40), nullable=False),
    Column("made", Instant, nullable=False),
    Column("made_by", String(200), nullable=False),
    Column("expires", Instant, nullable=False),
    Column("used", Instant),
    Column("withdrawn", Instant),
    Column("inviter", String(32), nullable=False),
    Column("org_kind", String(20), nullable=False),
)
"""One-time links by which somebody joins (*invitation*, *bootstrap*) or gets back in (*recovery*), by their hash.

The *inviter* is the id of a person, empty for an operator; *org_kind* is what the organisation was when it was made.
"""

identities = Table(
    "identities",
    metadata,
    Column("issuer", String(300), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("person", String(32), ForeignKey("people.id"), nullable=False, index=True),
    Column("added", Instant, nullable=False),
)
"""Who a person is to an OpenID provider."""

passwords = Table(
    "passwords",
    metadata,
    Column("person", String(32), ForeignKey("people.id"), primary_key=True),
    Column("hash", String(200), nullable=False),
    Column("changed", Instant, nullable=False),
)

authenticators = Table(
    "authenticators",
    metadata,
    Column("person", String(32), ForeignKey("people.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("added", Instant, nullable=False),
    Column("last_step", Integer, nullable=False),
)
"""Sealed TOTP secrets, each with the last time step it was used for."""

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("person", String(32), ForeignKey("people.id"), nullable=False, index=True),
    Column("made", Instant, nullable=False),
    Column("used", Instant),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("credential", String(1400), primary_key=True),
    Column("person", String(32), ForeignKey("people.id"), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", Integer, nullable=False),
    Column("name", String(100), nullable=False),
    Column("added", Instant, nullable=False),
    Column("last_used", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("person", String(32), ForeignKey("people.id"), nullable=False, index=True),
    Column("method", String(20), nullable=False),
    Column("made", Instant, nullable=False),
    Column("seen", Instant, nullable=False),
    Column("proved", Instant, nullable=False),
    Column("network", String(64), nullable=False),
    Column("ended", Instant),
)
"""Signed-in browsers, by the hash of the cookie's value; *proved* is when the person last proved who it is."""

organisation_settings = Table(
    "organisation_settings",
    metadata,
    Column("org", String(100), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("sealed", LargeBinary),
    Column("version", Integer, nullable=False),
    Column("changed", Instant, nullable=False),
    Column("changed_by", String(200), nullable=False),
)
"""What an organisation chose: two persons for an act, pauses, notices; a secret among it is sealed."""

proposals = Table(
    "proposals",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("action", String(60), nullable=False),
    Column("org", String(100), nullable=False, index=True),
    Column("about", String(200), nullable=False),
    Column("content", JSON, nullable=False),
    Column("before", String(64), nullable=False),
    Column("made", Instant, nullable=False),
    Column("made_by", String(254), nullable=False),
    Column("person", String(32), nullable=False),
    Column("reason", String(2000), nullable=False),
    Column("decided", Instant),
    Column("decided_by", String(254)),
    Column("answer", String(2000)),
    Column("outcome", String(20)),
)
"""Acts that wait for a second person; *before* is the digest of what one changes, *person* is empty for an operator."""

client_links = Table(
    "client_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("client_id", String(64), ForeignKey("clients.client_id"), nullable=False, index=True),
    Column("keep_old_days", Integer, nullable=False),
    Column("made", Instant, nullable=False),
    Column("made_by", String(200), nullable=False),
    Column("maker_kind", String(10), nullable=False),
    Column("maker", String(100), nullable=False),
    Column("expires", Instant, nullable=False),
    Column("used", Instant),
    Column("withdrawn", Instant),
)
"""One-time links by which a client's secret is made and shown once."""

written_agreements = Table(
    "written_agreements",
    metadata,
    Column("number", Integer, Identity(), primary_key=True),
    Column("agreement", String(100), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("district", String(100), nullable=False, index=True),
    Column("recipient", String(100), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
)
"""Agreements as people write them, each save a row of its own; the newest of a version counts."""

written_districts = Table(
    "written_districts",
    metadata,
    Column("number", Integer, Identity(), primary_key=True),
    Column("name", String(40), nullable=False, index=True),
    Column("content", JSON, nullable=False),
    Column("sealed", LargeBinary),
    Column("removed", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
)
"""Districts connected in the console, each change a row; the credentials of their systems are sealed."""

uploads = Table(
    "uploads",
    metadata,
    Column("district", String(40), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
)
"""Files of districts, sealed under the key of each; one that a newer file has replaced is deleted."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("number", Integer, Identity(), primary_key=True),
    Column("district", String(40), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("counts", JSON, nullable=False),
    Column("mistakes", JSON, nullable=False),
    Column("actor", String(200), nullable=False),
)
"""What came of each reading of a district's system and of each uploaded file: counts and places, never a value."""

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("sealed", LargeBinary),
    Column("at", Instant, nullable=False),
)
"""Answers to writes of the administration API, sealed, for whoever repeats one."""

notices = Table(
    "notices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(60), nullable=False),
    Column("org", String(100), nullable=False, index=True),
    Column("channel", String(20), nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("made", Instant, nullable=False),
    Column("next_try", Instant, nullable=False),
    Column("sent", Instant),
    Column("given_up", Instant),
    Column("tries", Integer, nullable=False),
    Column("error", String(200), nullable=False),
)
"""What was told to whom by mail or webhook, so that nobody is told twice; the text itself is not kept."""

notice_items = Table(
    "notice_items",
    metadata,
    Column("recipient", String(254), primary_key=True),
    Column("item", String(100), primary_key=True),
    Column("notice", String(64), ForeignKey("notices.id"), nullable=False, index=True),
)
"""Which task, in which state, a recipient was told of, and by which notice."""

notice_choices = Table(
    "notice_choices",
    metadata,
    Column("person", String(32), ForeignKey("people.id"), primary_key=True),
    Column("mail", Boolean, nullable=False),
    Column("changed", Instant, nullable=False),
)
"""Whether somebody wants mail; who has chosen nothing gets it."""
