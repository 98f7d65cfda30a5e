"""The types of the TCA eUICC Profile Package specification v3.3.1, module PEDefinitions.

`files` has the elements that create files, `elements` all others but the header, which
`formats.saip` reads by itself. A package is a series of elements; their order and meaning are not
known here.
"""
