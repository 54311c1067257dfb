"""The GraphQL historian: a tenant's sites, buildings, rooms, equipment and points, and what was measured there.

`door` serves it and is all that the application imports. The schema and its library are loaded with the first question,
so that a process which nobody asks in GraphQL starts without them.
"""
