"""Ways for other programs to reach a card."""
