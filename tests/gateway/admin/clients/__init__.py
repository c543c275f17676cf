"""Tests of what people do about clients."""
