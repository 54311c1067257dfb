"""What happens to readings between the door and the store: admission, the gate to the bus, and the commit loop."""
