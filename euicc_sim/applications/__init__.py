"""What can be selected on the card: the ISD-R, the ECASD and the files of the enabled Profile."""
