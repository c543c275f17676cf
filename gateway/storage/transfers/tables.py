"""The tables of transfers, as of the newest migration."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from gateway.storage.tables import Instant, metadata

transfers = Table(
    "transfers",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("sender", String(100), nullable=False),
    Column("receiver", String(100), nullable=False),
    Column("first_sender", String(100), nullable=False),
    Column("state", String(20), nullable=False),
    Column("outward", String(20), nullable=False),
    Column("number", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("military", Boolean, nullable=False),
    Column("hold", String(20), nullable=False),
    Column("asked", Instant, nullable=False),
    Column("opened", Instant, nullable=False),
    Column("told_due", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    Column("leaves", Instant),
    Column("lapses", Instant),
    Column("info_amber", Instant),
    Column("info_due", Instant),
    Column("info_done", Instant),
    Column("full_amber", Instant),
    Column("full_due", Instant),
    Column("full_done", Instant),
    Column("next_amber", Instant, nullable=False),
    Column("next_due", Instant, nullable=False),
    Column("calendar_missing", Boolean, nullable=False),
)
"""Every transfer as its events have made it, and its clocks: written with each event, to be listed without them."""
Index("transfers_in", transfers.c.sender, transfers.c.next_due, transfers.c.id)
Index("transfers_out", transfers.c.receiver, transfers.c.told_due, transfers.c.id)
Index("transfers_asked", transfers.c.receiver, transfers.c.asked)
Index("transfers_open", transfers.c.receiver, transfers.c.outward, transfers.c.first_sender)
Index("transfers_leaving", transfers.c.state, transfers.c.leaves)
Index("transfers_lapsing", transfers.c.state, transfers.c.lapses)

transfer_events = Table(
    "transfer_events",
    metadata,
    Column("transfer", String(32), ForeignKey("transfers.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("party", String(20), nullable=False),
    Column("org", String(100), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("key", String(64), nullable=False),
    Column("agreement", String(64), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("content", JSON, nullable=False),
)
"""What happened to each transfer: it only grows. No value of a student is in it."""

transfer_idempotency = Table(
    "transfer_idempotency",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("transfer", String(32), ForeignKey("transfers.id"), index=True, nullable=False),
    Column("number", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)
"""The hashes of the idempotency keys under which something happened, each with what it was."""

transfer_misses = Table(
    "transfer_misses",
    metadata,
    Column("transfer", String(32), ForeignKey("transfers.id"), primary_key=True),
    Column("receiver", String(100), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("at", Instant, nullable=False),
)
"""When somebody of a district asked for a student who was not found, so that nobody is asked for by guessing."""
Index("transfer_misses_recent", transfer_misses.c.receiver, transfer_misses.c.at)

asked_values = Table(
    "asked_values",
    metadata,
    Column("transfer", String(32), ForeignKey("transfers.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
)
"""The values by which a student was asked for, sealed; they are deleted with the delivery or the end."""

transfer_attachments = Table(
    "transfer_attachments",
    metadata,
    Column("transfer", String(32), ForeignKey("transfers.id"), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("section", String(20), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Instant, nullable=False),
)
"""What people add to a record, sealed: documents, and the note to the receiving registrar. They go with the package."""
Index("transfer_attachments_old", transfer_attachments.c.at)

sealed_packages = Table(
    "sealed_packages",
    metadata,
    Column("transfer", String(32), ForeignKey("transfers.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("file", String(100), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("receiver", String(100), nullable=False),
    Column("kid", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("deleted", Instant),
)
"""Packages that only their receiver can open; the bytes are in a file, for 14 days at most."""
Index("sealed_packages_expiring", sealed_packages.c.deleted, sealed_packages.c.expires)

district_keys = Table(
    "district_keys",
    metadata,
    Column("district", String(100), primary_key=True),
    Column("kid", String(64), primary_key=True),
    Column("use", String(10), nullable=False),
    Column("status", String(20), nullable=False),
    Column("key", JSON, nullable=False),
    Column("added", Instant, nullable=False),
    Column("added_by", String(200), nullable=False),
    Column("changed", Instant, nullable=False),
    Column("changed_by", String(200), nullable=False),
)
"""The public keys that districts publish, to sign and to seal transfers; a revoked one stays."""

transfer_tries = Table(
    "transfer_tries",
    metadata,
    Column("transfer", String(32), ForeignKey("transfers.id"), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("begun", Instant, nullable=False),
    Column("next_try", Instant, nullable=False),
    Column("why", String(40), nullable=False),
    Column("dead", Instant),
    Column("replayed", Boolean, nullable=False),
)
"""What the gateway is at, or has to try again, of each transfer after its event of that number."""
Index("transfer_tries_dead", transfer_tries.c.dead)

waiting_manifests = Table(
    "waiting_manifests",
    metadata,
    Column("transfer", String(32), ForeignKey("transfers.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sender", String(100), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("kid", String(64), nullable=False),
    Column("made", String(40), nullable=False),
    Column("signature", LargeBinary),
)
"""Manifests that wait for a signature in the house of their district, sealed: their figures are a student's."""
Index("waiting_manifests_sender", waiting_manifests.c.sender, waiting_manifests.c.transfer)

asked_children = Table(
    "asked_children",
    metadata,
    Column("transfer", String(32), ForeignKey("transfers.id"), primary_key=True),
    Column("tag", String(64), primary_key=True),
    Column("receiver", String(100), nullable=False),
    Column("at", Instant, nullable=False),
)
"""The keyed tags of the children whom each open request is about; no value can be read from one."""
Index("asked_children_by_tag", asked_children.c.receiver, asked_children.c.tag)
