"""An eIM that serves many cards: orders, delivery and results, without a network."""
