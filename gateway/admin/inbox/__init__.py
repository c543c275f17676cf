"""The inbox: what waits for people, gathered and closed."""
