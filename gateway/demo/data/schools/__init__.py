"""Schools of a fictional district: organizations, calendar, courses, timetable and gradebook."""
