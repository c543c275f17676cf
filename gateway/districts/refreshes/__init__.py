"""Refreshes of a district: in the background, paused, told to whoever listens, and tried before one is taken."""
