"""Types of proprietary functions, which every card has; a module for each."""
