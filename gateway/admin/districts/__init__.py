"""What people do about districts: look, connect, upload, steer."""
