"""Stories that are told by sending to a card, and pictures of them."""
