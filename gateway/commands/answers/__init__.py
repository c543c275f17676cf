"""Commands that answer questions by asking the running gateway."""
