"""The migrations that bring a registry of any age up to date."""
