"""The ledger of transfers: their events in the registry, each with its act on record, and lists of them by clock."""
