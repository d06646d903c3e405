"""HTTP between socket and simulator: server, connection, site (lane, faults, journal), doors by path, WSGI apps."""
