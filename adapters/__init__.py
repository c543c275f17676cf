"""How each student information system says it."""
