"""Signatures of agreements: the keys of the parties, what they sign, and which versions both have signed."""
