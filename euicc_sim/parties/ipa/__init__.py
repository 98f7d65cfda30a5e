"""An IPAd, and its way to eIMs over ESipa."""
