"""The cache: snapshots of each district, refreshed in time, complete or refused."""
