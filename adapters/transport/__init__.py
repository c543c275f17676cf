"""HTTP for adapters: checked addresses, credentials, deadlines, and errors that contain no values."""
