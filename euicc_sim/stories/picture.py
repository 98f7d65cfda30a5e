"""A story as one HTML file: a diagram for each chapter, and the messages of the arrow one clicks.

The file needs nothing else: no script, no font, no net. A click is a link to the messages, which
the style sheet shows for as long as they are the target.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from euicc_sim.asn1.tree import Reading
from euicc_sim.stories.arrows import Arrow, Part
from euicc_sim.stories.diagram import CSS, arrow_classes, colour_class, said_style, way_style
from euicc_sim.stories.sequence import heading
from euicc_sim.stories.telling import Chapter, Step

MOST_BYTES = 8192
"""Bytes of a message that are shown in hexadecimal."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_PAGE = """
:root { color-scheme: light dark; --page: #fff; --text: #222; --faint: #666; --edge: #ccc }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.4 sans-serif; background: var(--page); color: var(--text) }
.seq { --back: var(--page); margin-bottom: 2.5rem }
main { margin-right: 27rem; padding: 0 1rem 4rem }
aside { position: fixed; z-index: 3; top: 0; right: 0; width: 26rem; height: 100vh; overflow: auto;
  padding: 1rem; border-left: 1px solid var(--edge); overflow-wrap: anywhere }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin: 1rem 0 .3rem }
h3 { font-size: 1rem; margin: 0 0 .4rem } h4 { font-size: .9rem; margin: .8rem 0 .2rem }
nav a { display: inline-block; margin-right: 1rem } a { color: inherit }
.well { color: #2f6f3a } .refusal { color: #b00020 } .faint { color: var(--faint) }
section { display: none } section:target { display: block; scroll-margin-top: 1rem }
aside:has(section:target) > .hint { display: none }
.line { font-size: .85rem } .line > b { font-weight: 600; color: #00796b }
pre { white-space: pre-wrap; margin: .4rem 0; font-size: .72rem; overflow-wrap: anywhere }
.messages .result { font-size: .8rem; padding-left: .7rem; max-width: 100% }
@media (max-width: 60rem) {
  main { margin-right: 0; padding-bottom: 52vh }
  aside { top: auto; bottom: 0; left: 0; width: auto; height: 48vh; background: var(--page);
    border-top: 2px solid var(--edge) }
}
@media (prefers-color-scheme: dark) {
  :root { --page: #16191c; --text: #e4e4e4; --faint: #a0a0a0; --edge: #444 }
  .seq { --lane: #555; --band: #22303d; --own: 55% }
  .seq .refused .said, .refusal { color: #ff8a80 } .well { color: #69f0ae }
  .line > b { color: #4db6ac }
}
"""


def html(title: str, stories: Iterable[tuple[Sequence[str], Iterable[Chapter]]]) -> str:
    """The whole file. A story is its parties, from left to right, and its chapters."""
    told = [(parties, one) for parties, chapters in stories for one in chapters]
    numbered = [(f"c{at}", parties, one) for at, (parties, one) in enumerate(told, 1)]
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(title)}</title>",
        f"<style>{CSS}{_PAGE}{_chosen(one for _, _, one in numbered)}</style></head>",
        f"<body><main><h1>{escape(title)}</h1><nav>",
    ]
    lines += [f'<a href="#{at}">{escape(one.title)}</a>' for at, _, one in numbered]
    lines.append("</nav>")
    for at, parties, one in numbered:
        lines += _diagram(at, parties, one)
    lines.append('</main><aside class="messages"><p class="hint">Click an arrow.</p>')
    for _, _, one in numbered:
        for number, step in enumerate(one.steps, one.first):
            for place, arrow in enumerate(step.arrows, 1):
                lines += _messages(f"{number}.{place}", arrow, step)
    lines.append("</aside></body></html>\n")
    return "\n".join(lines)


def _anchor(number: str) -> str:
    return f"m{number.replace('.', '-')}"


def _chosen(chapters: Iterable[Chapter]) -> str:
    """The rules that mark the arrow whose messages are shown."""
    numbers = (
        f"{number}.{at}"
        for chapter in chapters
        for number, step in enumerate(chapter.steps, chapter.first)
        for at in range(1, len(step.arrows) + 1)
    )
    marked = ", ".join(
        f'body:has(#{_anchor(one)}:target) [href="#{_anchor(one)}"]' for one in numbers
    )
    return f"{marked} {{ background: rgba(128, 128, 128, .25) }}\n" if marked else ""


def _diagram(at: str, parties: Sequence[str], chapter: Chapter) -> list[str]:
    heard = {
        name for step in chapter.steps for one in step.arrows for name in (one.source, one.target)
    }
    shown = [one for one in parties if one in heard]
    lines = [
        f'<h2 id="{at}">{escape(chapter.title)}</h2>',
        f'<div class="seq" style="--n: {max(len(shown), 1)}"><div class="head">',
    ]
    lines += [
        f'<div class="party {colour_class(parties, one)}">{escape(one)}</div>' for one in shown
    ]
    lines.append('</div><div class="body">')
    for number, step in enumerate(chapter.steps, chapter.first):
        lines.append(f'<div class="act">{escape(heading(number, step))}</div>')
        lines += [
            _row(parties, shown, f"{number}.{place}", arrow)
            for place, arrow in enumerate(step.arrows, 1)
        ]
    return [*lines, "</div></div>"]


def _row(parties: Sequence[str], shown: Sequence[str], number: str, arrow: Arrow) -> str:
    kinds = arrow_classes(shown, arrow).split()
    kinds[1] = colour_class(parties, arrow.source)
    return (
        f'<a class="{" ".join(kinds)}" href="#{_anchor(number)}">'
        f'<div class="said" style="{said_style(shown, arrow)}">{escape(arrow.text)}</div>'
        f'<div class="way" style="{way_style(shown, arrow)}">'
        f'<div class="number">{number}</div></div></a>'
    )


def _messages(number: str, arrow: Arrow, step: Step) -> list[str]:
    kind = "refusal" if arrow.refused else ""
    lines = [
        f'<section id="{_anchor(number)}">',
        f"<h3>{number} {escape(arrow.source)} → {escape(arrow.target)}</h3>",
        f'<div class="{kind}">{escape(arrow.text)}</div>',
    ]
    if arrow.refused and step.reason:
        lines.append(f'<div class="refusal">The card: {escape(step.reason)}</div>')
    for part in arrow.messages:
        lines += _part(part)
    if not arrow.parts:
        lines.append('<p class="faint">There is no message body.</p>')
    return [*lines, "</section>"]


def _part(part: Part) -> list[str]:
    lines = [f"<h4>{escape(part.name)}</h4>"]
    if part.text:
        lines.append(f"<div>{escape(part.text)}</div>")
    if (tree := part.tree()) is not None:
        lines += _tree(tree)
    if part.data:
        shown = part.data[:MOST_BYTES].hex(" ", -2).upper()
        lines.append(f"<pre>{shown}</pre>")
        if (more := len(part.data) - MOST_BYTES) > 0:
            lines.append(f'<p class="faint">{more} more bytes are not shown.</p>')
    return lines


def _tree(tree: Reading) -> list[str]:
    return [
        f'<div class="line" style="padding-left: {one.depth * 0.8:.1f}rem">'
        f"<b>{escape(one.name)}</b> {escape(one.text)} "
        f'<span class="refusal">{escape(one.flaw)}</span></div>'
        for one in tree.lines
    ]
