"""What people do about districts."""
