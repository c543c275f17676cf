"""Transfers: a student's record from the district that holds it to the district that the student moves to."""
