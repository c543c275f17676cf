"""Answers to people who ask why a request is refused, and what a client gets."""
