"""Cards by the thousand, and the devices around them for a load test.

    with Fleet.create("fleet", 1000) as fleet:
        for eid in fleet:
            fleet.card(eid).transmit(...)

A directory of cards goes in, open cards come out. `locustfile` makes devices of them, each an IPA
with its card, which Locust starts and measures; only that module may import Locust, which patches
its whole process. Start reading at `cards`.
"""
