"""The running process: started from settings, reloaded in place, controlled over a local socket."""
