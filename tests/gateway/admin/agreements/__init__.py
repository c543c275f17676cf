"""Tests of agreements as people write, check, sign and publish them."""
