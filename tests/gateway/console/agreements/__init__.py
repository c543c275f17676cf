"""Tests of the pages of agreements."""
