"""How our applications are served over HTTP: which requests are read, and how long."""
