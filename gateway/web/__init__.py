"""The HTTP surface: routes of both standards, tokens, metadata and health; parse, ask, render, nothing else."""
