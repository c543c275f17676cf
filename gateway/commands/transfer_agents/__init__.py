"""``crossing receive`` and ``crossing send``: the agents in a district's own house."""
