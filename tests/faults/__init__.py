"""The fault plan as a program: a load with a ledger of its own, faults, and invariants checked after healing."""
