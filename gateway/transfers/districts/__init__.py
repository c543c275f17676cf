"""What transfers need of a district that the gateway serves: its times, its students, and their keyed tags."""
