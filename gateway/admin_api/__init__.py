"""The administration API (`/admin/v1`): the same services as the console, for programs."""
