"""Tests of ``crossing transfers``."""
