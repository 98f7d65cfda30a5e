"""`python -m euicc_sim` is the `euicc-sim` command."""

from euicc_sim.cli.main import main

main()
