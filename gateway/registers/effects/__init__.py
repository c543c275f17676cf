"""Effects of the registers: what they change of a snapshot for the holder of a grant."""
