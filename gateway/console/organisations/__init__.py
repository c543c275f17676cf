"""Pages about an organisation itself: its settings, and its acts by two persons."""
