"""An interface from the asking side: ES9+ and ESipa, over one HTTPS."""
