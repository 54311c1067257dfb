"""What is kept. `series` holds readings, events and their ledger."""
