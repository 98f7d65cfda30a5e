"""`python -m euicc_sim` is the `euicc-sim` command."""

from euicc_sim.cli.start import main

main()
