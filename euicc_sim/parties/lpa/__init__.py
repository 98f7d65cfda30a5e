"""An LPA, and its way to SM-DP+s over ES9+."""
