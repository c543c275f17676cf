"""Registers of consents and restrictions: event-sourced, and keyed by tags that name nobody without the key."""
