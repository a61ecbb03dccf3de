"""Django's Postgres backend with an end to every wait; named as ENGINE by the settings."""
