"""`python -m deploy.capacity` renews the tables of docs/capacity.md."""

from deploy.capacity.tables import PAGE, renewed

PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
