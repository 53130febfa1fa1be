"""`gearshift serve --reload`: a parent that watches files, and the server that it starts anew when one changes."""
