"""The outside face: doors in and out over HTTP, and what surrounds every request (access, problems, measures)."""
