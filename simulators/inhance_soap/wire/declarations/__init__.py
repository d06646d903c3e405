"""
The services of this partner as they are declared in Spyne: what stands on the wire, and nothing else.

`make reference` writes `wire/messages` from them; a running sandbox imports them only where Spyne itself is to serve.
"""
