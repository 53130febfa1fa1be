"""What the black-box suites share: a raw client, a strict reader of answers, servers and applications."""
