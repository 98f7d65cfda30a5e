"""The `euicc-sim` command: one file per sub-command, no protocol of its own."""
