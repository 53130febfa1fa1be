"""One experiment a file: what it claims, how that is tried, and what is drawn of it."""
