"""The `euicc-sim` command: one module for each sub-command, its tables and trees beside it.

Words from a terminal go in; lines for a person and an exit code come out: 0 when it is done, 1 with
one sentence on standard error when a person can mend it, 2 for words that are no command. Text
from outside never reaches the terminal raw.

Has no protocol of its own: it asks the card, the parties and the store, and shows. The stories that
`demo` tells live in `stories`. Start reading at `main`, then any command; `start` comes before it.
"""
