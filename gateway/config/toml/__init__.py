"""The settings file as it is written: positions in it, old names of settings, and what a schema finds wrong."""
