"""Clients: their states, who may do what about them, their secrets, and the one-time links to these."""
