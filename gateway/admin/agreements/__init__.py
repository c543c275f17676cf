"""Agreements as people write, check, sign and publish them."""
