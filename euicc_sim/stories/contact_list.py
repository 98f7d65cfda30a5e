"""The story of a card's list of eIMs: which are trusted, and which are refused and why."""

from __future__ import annotations

from collections.abc import Iterator

from euicc_sim.parties.eim import (
    MAX_COUNTER,
    Eim,
    add_initial_eim,
    initial_tokens,
    operations,
    take_added_tokens,
    take_initial_answer,
)
from euicc_sim.parties.messages import EimError, PackageAnswer, Transmit
from euicc_sim.stories.telling import (
    CARD,
    EIM1,
    EIM2,
    PERSON,
    STRANGER,
    Listener,
    Step,
    StoryError,
    Storyteller,
)


class Story(Storyteller):
    """A card and two eIMs."""

    PARTIES = (PERSON, STRANGER, EIM1, EIM2, CARD)

    def __init__(self, transmit: Transmit, listener: Listener | None = None) -> None:
        """Select the ISD-R and read EID and certificate. Raises StatusWordError."""
        super().__init__(transmit, listener)
        self.first.wants_token = False
        self.second = Eim.create("eim2.example.com")

    def tell(self) -> Iterator[Step]:
        """Play the story. Raises StoryError or StatusWordError if the card departs from it."""
        yield from self._factory()
        yield from self._second_eim()
        yield from self._change_keys()
        yield from self._last_counter()
        yield from self._end()

    def _factory(self) -> Iterator[Step]:
        self.begin("The first eIM")
        yield self.who("Which eIMs does the card trust?", [])
        request = add_initial_eim(self.first.configuration())
        answer = self.es10(request)
        take_initial_answer(answer, self.first)
        title = "The factory adds the first eIM, without a token, by an unsigned AddInitialEim"
        outcome = f"trusts {self.first.eim_id}"
        self.asked(PERSON, "AddInitialEim", request, answer, outcome)
        yield self.step(title, outcome, request=request, answer=answer)
        intruder = add_initial_eim(Eim.create("intruder.example.com").configuration())
        answer = self.es10(intruder)
        try:
            initial_tokens(answer)
        except EimError as error:
            title, outcome = "A stranger tries to add an eIM in the same way, later", str(error)
            self.asked(STRANGER, "AddInitialEim", intruder, answer, outcome, refused=True)
            yield self.step(
                title,
                outcome,
                refused=True,
                request=intruder,
                answer=answer,
                reason=self.reason(),
            )
        else:
            raise StoryError("The card took a second AddInitialEim.")

    def _second_eim(self) -> Iterator[Step]:
        self.begin("A second eIM, and a replay")
        add = operations.add_eim(self.second.configuration(want_token=True))
        yield self.order(
            "The first eIM adds a second one, in a package that it signs", self.first, add
        )
        listing = self.second.package([operations.list_eim()], self.eid)
        yield self.send("The second lists the eIMs", self.second, listing, "ok")
        yield self.send(
            "The second sends the same package again", self.second, listing, "replayError"
        )

    def _change_keys(self) -> Iterator[Step]:
        self.begin("A new key")
        old = Eim(self.first.eim_id, self.first.private_key, counter=self.first.counter)
        self.first.private_key = Eim.create(self.first.eim_id).private_key
        update = operations.update_eim(self.first.configuration("eimPublicKeyData"))
        yield self.order("The second gives the first a new key", self.second, update)
        stale = old.package([operations.list_eim()], self.eid)
        yield self.send(
            "A package comes that is signed with the old key", self.first, stale, "unsigned"
        )
        listing = operations.list_eim()
        yield self.order("A package comes that is signed with the new key", self.first, listing)

    def _last_counter(self) -> Iterator[Step]:
        self.begin("The end of a counter, and tokens")
        last = self.first.package([operations.list_eim()], self.eid, counter=MAX_COUNTER)
        yield self.send(f"The first uses counter {MAX_COUNTER}", self.first, last, "ok")
        beyond = self.first.package([operations.list_eim()], self.eid, counter=MAX_COUNTER + 1)
        yield self.send(
            f"The first uses counter {MAX_COUNTER + 1}, which is too high",
            self.first,
            beyond,
            "counterValueOutOfRange",
        )
        again = self._added_again(want_token=False)
        yield self.order(
            "The second eIM removes the first and adds it again, with counter 0",
            self.second,
            *again,
        )
        old = f"The old package with counter {MAX_COUNTER}"
        yield self.send(f"{old} runs again: there is no token", self.first, last, "ok")
        again = self._added_again(want_token=True)
        yield self.order(
            "The second eIM removes the first and adds it once more, with a token",
            self.second,
            *again,
        )
        yield self.send(
            f"{old} is refused: it was signed without the token", self.first, last, "unsigned"
        )
        listing = operations.list_eim()
        yield self.order("The first eIM sends a new package, with counter 1", self.first, listing)

    def _added_again(self, *, want_token: bool) -> tuple[operations.Operation, ...]:
        self.first.counter = 0
        config = self.first.configuration(want_token=want_token)
        return operations.delete_eim(self.first.eim_id), operations.add_eim(config)

    def _end(self) -> Iterator[Step]:
        self.begin("The last eIM leaves")
        leave = operations.delete_eim(self.second.eim_id)
        yield self.order("The second eIM removes itself", self.second, leave)
        leave = operations.delete_eim(self.first.eim_id)
        yield self.order("The last eIM removes itself", self.first, leave)
        late = self.first.package([operations.list_eim()], self.eid)
        yield self.send("The removed eIM sends another package", self.first, late, "unsigned")
        yield self.who("Which eIMs does the card trust?", [])

    def learn(self, eim: Eim, found: PackageAnswer) -> None:
        """Store the token in an eIM that was added."""
        if found.done and any(one.name == "addEim" for one in found.outcomes):
            take_added_tokens(found, self.first if eim is self.second else self.second)
