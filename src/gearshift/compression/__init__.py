"""Answers compressed on their way out: which ones, for whom, and how."""
