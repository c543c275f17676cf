"""What Ed-Fi requires of records that a OneRoster source does not state."""
