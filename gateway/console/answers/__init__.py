"""Pages that answer: why a request was refused, what a client gets of one student, a recipient's own page."""
