"""The list of trusted eIMs: adding, updating, deleting and reading them."""
