"""What stands in front of the server: which proxies are believed, and what they say of clients."""
