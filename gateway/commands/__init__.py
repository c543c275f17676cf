"""The command line ``crossing``, a module per group of commands."""
