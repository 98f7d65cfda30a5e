"""How other programs reach a card: vpcd, TCP, lpac's stdio driver; and PC/SC from a client."""
