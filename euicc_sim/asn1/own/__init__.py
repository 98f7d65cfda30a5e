"""Types of functions that are in no standard, a module for each: every card has them."""
