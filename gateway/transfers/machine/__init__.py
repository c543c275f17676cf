"""The transfer as a machine: its states are a fold of its events, and nothing here knows a clock or a database."""
