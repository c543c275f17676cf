"""The Ed-Fi ODS/API: its resources, how each is read and written, and what of it is native."""
