"""A page on cards in the browser: what they keep, what is said to them, and acts on them.

`server` serves the page on loopback to whoever has the token in its address; `page` is the page,
with a module for each of its views. A `live.LiveCard` is a card of the page: links tell it of each
exchange, and acts reach its card on a channel of their own.

Knows no protocol: parties act, `views` and `stories` give names and steps. Texts from outside are
shown by labels, never as HTML. Needs NiceGUI, the extra `web`. Start reading at `live`, then
`page`.
"""
