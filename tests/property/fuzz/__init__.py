"""Random programs with control flow, plain and bumped: `python -m tests.property.fuzz`.

`writer` draws a program's text, `words` is what it is written with, `rows` makes arguments,
`trial` runs a program in all ways and compares, `reducing` makes a failing program small.
"""
