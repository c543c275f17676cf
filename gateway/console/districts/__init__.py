"""Pages of districts: how each is connected, what came of its files, and what people do about it."""
