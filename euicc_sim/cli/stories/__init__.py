"""Stories played on a card, and pictures of them."""
