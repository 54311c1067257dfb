"""Fuzzing: whatever bytes come, a decoder answers with what it means or with an error of the tree, soon and in bounds.

`make test` looks at some hundred inputs per decoder; `make fuzz SECONDS=600` goes on for as long as it is told to, and
with atheris installed (`--atheris TARGET`) guided by coverage.
"""
