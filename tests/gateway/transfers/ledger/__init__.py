"""The ledger of transfers."""
