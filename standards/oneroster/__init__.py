"""OneRoster 1.1 and 1.2: their resources, how each is read and written, and which of them are native."""
