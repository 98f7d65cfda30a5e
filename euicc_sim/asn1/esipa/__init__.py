"""The types of ESipa (GSMA SGP.32 clause 6.3), and whole messages as bytes and values."""
