"""Tests of the pages of the privacy desk."""
