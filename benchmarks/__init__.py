"""Benchmarks of the gateway, measured over real sockets on generated districts."""
