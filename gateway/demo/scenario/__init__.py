"""The scenario of the demonstration: its districts on disk, their agreements and clients."""
