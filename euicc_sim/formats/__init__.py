"""What others made and the card takes in: Bound Profile Packages and profile packages (SAIP)."""
