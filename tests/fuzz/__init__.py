"""Random input for hours: bytes for the card, `decode`, a card's files and lpac's stdio protocol.

`scripts/fuzz` runs a target by hand; `test_fuzz_targets.py` runs each for a short while. A target
is a class with seeds, a way to change them and a way to try the result; it returns what happened as
a short text. An input whose text is new joins the corpus, so that later inputs start from it. With
the same seed all of this repeats.

Start reading at `runner`.
"""
