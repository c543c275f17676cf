"""Transfers of students' records between districts: on the clock, under agreement, nothing stored."""
