"""The frame of the administration API: what every operation of it has in common."""
