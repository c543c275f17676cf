"""Simulated student information systems over real sockets, with faults on request."""
