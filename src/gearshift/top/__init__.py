"""`gearshift top`: a running server on a terminal, live. The only room that needs textual; the command line imports it
when it is asked for.
"""
