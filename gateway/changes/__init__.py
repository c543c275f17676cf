"""Change queries: what has changed, tombstones of what is gone, and versions passed through from a source."""
