"""The built-in page, and pages of the user's own filled the same way."""
