"""Transfers of a student's record from one district to another."""
