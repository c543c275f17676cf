"""Ed-Fi documents made from OneRoster: members that Ed-Fi requires and a OneRoster source does not state."""
