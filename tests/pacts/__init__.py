"""What the production client reads of each service: written to `contracts/pacts/`, verified with the simulators."""
