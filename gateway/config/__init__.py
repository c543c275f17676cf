"""Configuration: the settings file, its schema, and the place of every mistake in it."""
