"""Jobs: what the gateway does by itself at a later moment, by huey: notices, digests."""
