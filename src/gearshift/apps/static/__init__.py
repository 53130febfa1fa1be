"""A folder of files as an application. `responder` is where to begin; it leads to the rest."""
