"""The machine of transfers."""
