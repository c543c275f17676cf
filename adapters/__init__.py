"""Adapters: how the gateway reads, and where allowed writes, each kind of student information system."""
