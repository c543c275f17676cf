"""Matching: find in one named district the child that another district states, without a store."""
