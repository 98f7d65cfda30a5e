"""How a sequence diagram looks in HTML: a column for each party, an arrow in each row.

The style sheet and the places; the page in the browser and the picture as HTML build the elements:

    .seq > .head > .party                       names, which stay in sight
    .seq > .body > .chapter, .act, .arrow       .arrow > .said, .way > .number
"""

from __future__ import annotations

from collections.abc import Sequence

from euicc_sim.stories.arrows import Arrow

COLOURS = ("#1f5a92", "#7a4a00", "#8b2f6b", "#2f6f3a", "#5b3fa0", "#0b6e75", "#8a3b12")
REFUSED = "#b00020"
_STYLE = """
.seq { --back: #fff; --lane: #c4c4c4; --band: #e6edf5; --own: 100%;
  min-width: calc(var(--n) * 6.4rem); font-size: .8rem; line-height: 1.25 }
.seq .head { position: sticky; top: 0; z-index: 2; display: grid; padding: .35rem 0;
  grid-template-columns: repeat(var(--n), minmax(0, 1fr)); background: var(--back) }
.seq .party { justify-self: center; padding: .1rem .55rem; border-radius: 4px; font-weight: 600;
  white-space: nowrap; color: #fff; background: var(--c) }
.seq .body { padding: 1px 0 1rem; background: linear-gradient(90deg, transparent calc(50% - .5px),
  var(--lane) calc(50% - .5px) calc(50% + .5px), transparent 0) 0 0 / calc(100% / var(--n)) 100% }
.seq .chapter, .seq .act { position: sticky; left: 0; max-width: min(100%, 90vw) }
.seq .chapter { width: 100%; padding: .2rem .5rem; margin-top: .5rem; font-weight: 600;
  background: var(--band) }
.seq .act { width: max-content; margin-top: .7rem; padding: .1rem .5rem;
  border-left: 3px solid var(--lane); background: var(--back) }
.seq .arrow { display: grid; padding: .2rem 0 .45rem; cursor: pointer; color: inherit;
  text-decoration: none; grid-template-columns: repeat(calc(2 * var(--n)), minmax(0, 1fr)) }
.seq .arrow:hover, .seq .arrow.chosen { background: rgba(128, 128, 128, .22) }
.seq .said { grid-row: 1; justify-self: center; max-width: 100%; padding: 0 .25rem;
  text-align: center; overflow-wrap: break-word; background: var(--back) }
.seq .way { --line: color-mix(in srgb, var(--c) var(--own), #fff); grid-row: 2;
  position: relative; height: 0; margin-top: .3rem; border-top: 2px solid var(--line) }
.seq .answer .way { border-top-style: dashed }
.seq .way::after { content: ""; position: absolute; top: -6px; border: 5px solid transparent }
.seq .right .way::after { right: 0; border-left: 9px solid var(--line); border-right: 0 }
.seq .left .way::after { left: 0; border-right: 9px solid var(--line); border-left: 0 }
.seq .number { position: absolute; top: -.6rem; padding: 0 .3rem; border-radius: .6rem;
  font-size: .65rem; line-height: 1.1rem; color: #fff; background: var(--c) }
.seq .right .number { left: 0; transform: translateX(-50%) }
.seq .left .number { right: 0; transform: translateX(50%) }
.seq .refused .said { color: var(--c) }
@media (max-width: 700px) {
  .seq { min-width: calc(var(--n) * 3.5rem); font-size: .7rem }
  .seq .party { padding: .1rem .3rem }
}
"""
CSS = "".join(
    (
        _STYLE,
        *(f".seq .c{at} {{ --c: {colour} }}\n" for at, colour in enumerate(COLOURS)),
        f".seq .refused {{ --c: {REFUSED} }}\n",
    )
)


def colour_class(parties: Sequence[str], name: str) -> str:
    """The class of a party, which has its colour."""
    return f"c{parties.index(name) % len(COLOURS)}"


def arrow_classes(parties: Sequence[str], arrow: Arrow) -> str:
    """The classes of an arrow."""
    kinds = ["arrow", colour_class(parties, arrow.source)]
    kinds.append("right" if _ends(parties, arrow)[0] <= _ends(parties, arrow)[1] else "left")
    kinds += ["answer"] * arrow.is_answer + ["refused"] * arrow.refused
    return " ".join(kinds)


def said_style(parties: Sequence[str], arrow: Arrow) -> str:
    """Where the text of an arrow is: over the lanes of both, to their edges."""
    low, high = sorted(_ends(parties, arrow))
    return f"grid-column: {2 * low + 1} / {2 * high + 3}"


def way_style(parties: Sequence[str], arrow: Arrow) -> str:
    """Where the line of an arrow is: from the middle of one lane to that of the other."""
    low, high = sorted(_ends(parties, arrow))
    return f"grid-column: {2 * low + 2} / {2 * high + 2}"


def _ends(parties: Sequence[str], arrow: Arrow) -> tuple[int, int]:
    return parties.index(arrow.source), parties.index(arrow.target)
