"""eUICC Packages: verifying them, executing their operations, signing and storing the results."""
