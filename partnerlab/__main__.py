"""`python -m partnerlab` is the command `partnerlab`."""

from partnerlab.cli import main

main()
