"""A page of the staff's list: counted no further than people read, and read within a time."""

from typing import cast

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from conversations import patience
from conversations.models import Conversation


class AsFarAsCounted(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Pages of the first rows of a list, which are counted no further."""

    MOST = 1_000

    @cached_property
    def count(self) -> int:
        return min(self._found, self.MOST)

    @property
    def more(self) -> bool:
        """Whether there are rows that no page shows."""
        return self._found > self.MOST

    @cached_property
    def _found(self) -> int:
        rows = cast("QuerySet[Conversation]", self.object_list).order_by().values("pk")
        return int(rows[: self.MOST + 1].count())


class ConversationList(ChangeList):
    """A page of the list, read at once and within a time."""

    def get_results(self, request: HttpRequest) -> None:
        try:
            with patience.bounded():
                super().get_results(request)
                self.result_list = list(self.result_list)
        except patience.TooSlow as error:
            messages.error(request, str(error.detail))
            self.queryset = self.queryset.none()
            super().get_results(request)
