"""An SM-DP+: authenticates cards, binds Profiles for them, takes notifications. No network."""
