"""What can be selected on a card: the ISD-R, the ECASD and the files of the enabled Profile."""
