"""`gearshift migrate`: from a command line or configuration of gunicorn or uvicorn to Gearshift's."""
