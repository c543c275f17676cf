"""People of a fictional district: students, families and staff, and what happens to them."""
