"""`gearshift load`: the client that measures a server by sending it requests."""
