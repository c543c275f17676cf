"""Tests of ``crossing districts``."""
