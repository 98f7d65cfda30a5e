"""What can be selected on the card: the ISD-R, the ECASD and the files of a UICC.

Each is an `apdu.Application`: a command goes in, a response comes out, or a StatusError. The ISD-R
joins the blocks of STORE DATA and hands the whole request to a callable that it was given; the
ECASD answers GET DATA; `uicc` has the few files that a card shows whatever its Profile.

They know no ES10 function, no state and no store: what they need they get when they are made, in
`euicc_sim.card`. Start reading at `isdr`.
"""
