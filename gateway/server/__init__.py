"""The web server: an event loop in front of threads, one worker under supervision."""
