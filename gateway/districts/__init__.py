"""Provider districts at run time: their adapters, their failures, and their status for operators."""
