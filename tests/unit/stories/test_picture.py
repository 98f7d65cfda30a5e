"""The picture as HTML: arrows that lead to their messages, in a file that needs nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx

from euicc_sim.stories.arrows import Arrow, Part
from euicc_sim.stories.picture import html
from euicc_sim.stories.telling import Chapter, Step

GET_EID = hx("BF3E 03 5C015A")
EID = hx("BF3E 12 5A10 89049032123451234512345678901235")
ASKED = Arrow("IPA", "card", "GetEID", (Part("request", GET_EID, is_request=True),))
TOLD = Arrow("card", "IPA", "the EID", (Part("response", EID),), is_answer=True)


class Page(HTMLParser):
    """What is in a page: its elements with attributes, and the text in each section."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.sections: dict[str, str] = {}
        self._section = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "section":
            self._section = dict(attrs)["id"] or ""

    def handle_data(self, data: str) -> None:
        found = self.sections.get(self._section, "")
        self.sections[self._section] = f"{found} {data}".strip()


def page(*arrows: Arrow, title: str = "A title", reason: str = "") -> Page:
    step = Step("A step", "done", False, arrows=arrows, reason=reason)
    return Page(html(title, [(("IPA", "card"), [Chapter("A chapter", 3, (step,))])]))


def test_an_arrow_leads_to_its_message_as_named_objects_and_bytes() -> None:
    found = page(ASKED, TOLD)
    links = [one["href"] for tag, one in found.elements if tag == "a"]
    assert links == ["#c1", "#m3-1", "#m3-2"]
    assert "GetEuiccDataRequest" in found.sections["m3-1"]
    assert "BF3E 035C 015A" in found.sections["m3-1"]
    assert "eidValue 89049032123451234512345678901235" in " ".join(found.sections["m3-2"].split())


def test_bytes_that_are_no_object_are_bytes_alone() -> None:
    challenge = Part("euiccChallenge", EID, is_plain=True)
    found = page(Arrow("IPA", "card", "x", (challenge, Part("smdpAddress", text="localhost"))))
    assert "eidValue" not in found.sections["m3-1"]
    assert "localhost" in found.sections["m3-1"]


def test_a_refusal_has_the_card_s_reason() -> None:
    no = Arrow("card", "IPA", "replayError", refused=True, is_answer=True)
    found = page(ASKED, no, reason="counter 1 is not above 1")
    assert "The card: counter 1 is not above 1" in found.sections["m3-2"]
    assert "counter 1" not in found.sections["m3-1"]


def test_the_file_needs_nothing_else_and_runs_nothing() -> None:
    found = page(ASKED, TOLD)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    assert any(one.get("content") == policy for _, one in found.elements)
    assert {tag for tag, _ in found.elements} & {"script", "link", "img", "iframe"} == set()
    assert all((one.get("href") or "#").startswith("#") for _, one in found.elements)


@given(st.text(max_size=30))
def test_text_from_outside_is_text(text: str) -> None:
    hostile = f"</section><script>alert(1)</script>\"'{text}"
    arrow = Arrow("IPA", "card", hostile, (Part(hostile, text=hostile),), refused=True)
    plain, found = page(ASKED), page(arrow, title=hostile, reason=hostile)
    assert {tag for tag, _ in found.elements} <= {tag for tag, _ in plain.elements}
    assert all(not name.startswith("on") for _, one in found.elements for name in one)
    assert "<script>alert(1)</script>" in found.sections["m3-1"]


def test_each_arrow_is_between_the_middles_of_its_lanes() -> None:
    source = html(
        "t",
        [
            (
                ("a", "b", "c"),
                [
                    Chapter(
                        "C",
                        1,
                        (
                            Step(
                                "s",
                                "",
                                False,
                                arrows=(Arrow("a", "c", "there"), Arrow("b", "c", "here")),
                            ),
                        ),
                    )
                ],
            )
        ],
    )
    ways = re.findall(r'class="way" style="grid-column: (\d+) / (\d+)"', source)
    assert ways == [("2", "6"), ("4", "6")]
