"""Storage: the registry's database, shared memory, secrets, and files that only the gateway can read."""
