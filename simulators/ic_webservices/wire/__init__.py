"""
Bytes to values and back: the two ASMX services in Spyne's declaration, and how a refusal is told.

No rule lives here. A handler reads its arguments, calls the ledger and renders what came back; a refusal of the
domain is an answer with `Success` false, as these services do it, never a fault.
"""
