"""`gearshift bench`: serves an application on every engine worth trying, and says which one to use and why.

`run.py` is the order of things; `verdict.py` turns what was measured into the recommendation, and touches nothing else.
"""
