"""How requests come in and the process goes: limits on every socket, shedding, and the drain.

It stands on uvicorn and its parser; `tests/serving/test_internals.py` names what of them is used.
"""
