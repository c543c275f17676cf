"""Transfers: a student's record, asked for by one district, released by another, and sealed to the first."""
