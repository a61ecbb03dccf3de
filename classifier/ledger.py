"""Tables to which rows are only appended, and whose newest row holds."""

from django.db import connection
from django.db.models import Model


def lock(model: type[Model]) -> None:
    """One writer at a time until the transaction ends; readers go on.

    So the order of ids is the order of commits, and whoever has seen the newest id has missed
    nothing.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
