"""A page of the staff's list: counted no further than people read, and read within a time."""

from typing import cast

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from beez.staff.pages import counted
from conversations import patience
from conversations.models import Conversation


class AsFarAsCounted(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Pages of the first rows of a list, which are counted no further."""

    MOST = 1_000

    @cached_property
    def count(self) -> int:
        return min(self._found, self.MOST)

    @property
    def total(self) -> str:
        """In words; there may be rows that no page shows."""
        if self._found > self.MOST:
            return (
                f"More than {self.MOST:,} conversations; these pages show the first. "
                "To see others, narrow the search or the filters."
            )
        return counted(self._found, "conversation")

    @cached_property
    def _found(self) -> int:
        rows = cast("QuerySet[Conversation]", self.object_list).order_by().values("pk")
        return int(rows[: self.MOST + 1].count())


class ConversationList(ChangeList):
    """A page of the list, read at once and within a time; what takes longer shows nothing."""

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Conversation]:
        try:
            with patience.bounded():  # a search looks for ids first
                return super().get_queryset(request, exclude_parameters)
        except patience.TooSlow as error:
            return self._given_up(request, error)

    def get_results(self, request: HttpRequest) -> None:
        try:
            with patience.bounded():
                super().get_results(request)
                self.result_list = list(self.result_list)
        except patience.TooSlow as error:
            self.queryset = self._given_up(request, error)
            super().get_results(request)
        self.full_result_count = self.result_count  # told under the rows, as far as counted

    def _given_up(self, request: HttpRequest, error: patience.TooSlow) -> QuerySet[Conversation]:
        messages.error(request, str(error.detail))
        return cast("QuerySet[Conversation]", self.root_queryset.none())
