"""A shop's API for pages of another site: SQLite, sessions, CSRF protection, JSON."""
