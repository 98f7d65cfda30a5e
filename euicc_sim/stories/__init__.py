"""Stories played on a card, step by step, and pictures of them.

A story is given a card as bytes in and bytes out; it yields a step for each thing that happens,
with the bytes sent and what came of it, and raises StoryError when the card departs from it.
`servers` starts the whole world of a card on loopback for the longest of them.

Knows no screen: whoever plays a story prints or shows its steps. Start reading at `telling`, then
`contact_list`.
"""
