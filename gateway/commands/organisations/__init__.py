"""Commands about organisations: acts by two persons, and settings."""
