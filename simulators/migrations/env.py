"""Read by Alembic, which is called by `History.upgrade`."""

from partnerlab.contracts.history import run_scripts

run_scripts()
