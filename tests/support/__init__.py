"""What several tests need: ways to a card, bytes in hex, and judges that we did not write."""
