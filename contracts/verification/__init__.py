"""
Verification: the third party that trusts neither side.

It drives a provider or judges recorded exchanges, knowing only addresses and the contract; it imports no client and no
simulator, so that a reading it shares with one of them is shared through the contract alone.
"""
