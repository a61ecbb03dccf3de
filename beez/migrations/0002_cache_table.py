"""The table of Django's database cache, which counts rate limits where there is no Redis.

Made here, as `createcachetable` would, so that `migrate` alone makes every table.
"""

from django.db import migrations

CREATE = """
    CREATE TABLE IF NOT EXISTS beez_cache (
        cache_key varchar(255) NOT NULL PRIMARY KEY,
        value text NOT NULL,
        expires timestamp with time zone NOT NULL
    );
    CREATE INDEX IF NOT EXISTS beez_cache_expires ON beez_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("beez", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, "DROP TABLE beez_cache")]
