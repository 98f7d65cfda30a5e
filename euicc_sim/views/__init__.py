"""What people want to see of a card, without a screen: a moment of it, and its conversation.

A card's directory goes in, or the messages of a trace; values come out that a terminal or a page
shows: what the card keeps and who serves it, and each exchange with the name of its function, its
outcome and its messages as trees.

Knows names, not colours, and changes nothing. Start reading at `moment`, then `exchanges`.
"""
