"""What is stored of transfers: events, sealed values of requests, sealed packages, and the public keys of districts."""
