"""Policies: data sharing agreements as documents, compiled to grants."""
