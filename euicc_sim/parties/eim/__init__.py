"""An eIM as one card knows it: asks for trust, signs packages, verifies what is answered."""
