"""
What pacts need of the contracts: rules for the values in a message (`rules`), examples of answers (`examples`), and
which versions of consumer and provider are known to fit (`matrix`).

The rules are made from the WSDL, the OpenAPI document and the grammar: a pact cannot be laxer than its contract.
"""
