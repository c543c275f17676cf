"""Tests of ``crossing admins``."""
