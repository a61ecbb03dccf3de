"""What Beez counts about itself while it serves, for Prometheus; foundation, like `beez.api`.

What is stored is told from Postgres when somebody asks, by `beez.status.figures`.
"""
