"""Documents: agreements as they are written, read without ambiguity and checked against their schema."""
