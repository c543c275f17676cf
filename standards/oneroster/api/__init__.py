"""The OneRoster API: requests, bodies, envelopes, routes and documents."""
