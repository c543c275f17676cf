"""HTTP for adapters: checked addresses, credentials, deadlines, and errors that tell no values."""
