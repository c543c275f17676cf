"""The steps by which a registry of any age becomes today's."""
