"""eUICC Packages: verifying them, running their operations, signing and keeping their results."""
