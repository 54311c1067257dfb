"""Who may do what: API keys, browser sessions, and the tenant that every credential carries."""
