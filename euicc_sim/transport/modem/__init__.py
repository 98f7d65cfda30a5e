"""A modem with a card in it: AT commands over a pseudo-terminal (3GPP TS 27.007).

For programs that reach a SIM only through a modem's serial port: an IPA on a microcontroller,
lpac's `at` and `at_csim` drivers, scripts. Command lines go in, the lines of a modem come out.

`syntax` reads a command line and knows what the answers look like, `sim` is what a modem does with
its card by itself, `commands` is the table of commands, `terminal` the pseudo-terminal. No module
knows that the card is ours. Start reading at `commands`.
"""
