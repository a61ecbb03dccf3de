"""The counters of rate limits, where there is no Redis, and the table of the cache that had them.

Unlogged: a count is worth nothing after a crash, and writing it should cost little.
"""

from django.db import migrations

CREATE = """
    CREATE UNLOGGED TABLE beez_allowance (
        key text NOT NULL PRIMARY KEY,
        used bigint NOT NULL,
        ends_at timestamp with time zone NOT NULL
    ) WITH (fillfactor = 50);
    DROP TABLE IF EXISTS beez_cache;
"""
UNDO = """
    CREATE TABLE IF NOT EXISTS beez_cache (
        cache_key varchar(255) NOT NULL PRIMARY KEY,
        value text NOT NULL,
        expires timestamp with time zone NOT NULL
    );
    CREATE INDEX IF NOT EXISTS beez_cache_expires ON beez_cache (expires);
    DROP TABLE beez_allowance;
"""


class Migration(migrations.Migration):
    dependencies = [("beez", "0007_audit")]
    operations = [migrations.RunSQL(CREATE, UNDO)]
