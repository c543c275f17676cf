"""The jobs of an administrator, and the missteps on the way."""
