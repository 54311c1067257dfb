"""How data is read back: questions, the engine that answers them beside the store, and the same over the bus."""
