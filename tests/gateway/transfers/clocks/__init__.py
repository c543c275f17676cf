"""The clocks of transfers."""
