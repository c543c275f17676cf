"""How fast the gateway is, measured over real sockets on generated districts."""
