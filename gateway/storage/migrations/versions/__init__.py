"""The registry's migrations, one module each."""
