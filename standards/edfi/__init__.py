"""The Ed-Fi ODS/API: its resources, how each is read and written, and which of them are native."""
