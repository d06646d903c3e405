"""One module for each command; `partnerlab.cli` names them."""
