"""The routes of a customer: what is stored, and erasing all of it."""

from collections.abc import Mapping
from typing import ClassVar

from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from beez.api import accepted
from conversations import answers, customer_schema, customers
from conversations.api import caller
from conversations.converters import why_not_addressable
from conversations.erasure import erase_customer
from conversations.requests import CustomerQuery


class Customer(APIView):
    required_scope: ClassVar[Mapping[str, str]] = {"GET": "read", "DELETE": "erase"}

    @customer_schema.show_customer
    def get(self, request: Request, customer_id: str) -> Response:
        """All that is stored about a customer, in pages."""
        query = accepted.query(request, CustomerQuery)
        if not customers.known(customer_id):
            raise _no_such(customer_id)
        return Response(customers.page(customer_id, **query))

    @customer_schema.erase_customer
    def delete(self, request: Request, customer_id: str) -> Response:
        """Erase all conversations of a customer, and get one receipt over them.

        202 where there were more than a request can wait for: the rest goes in the background.
        """
        accepted.query(request, accepted.Nothing)
        receipt = erase_customer(customer_id=customer_id, actor=caller(request))
        if not receipt and why_not_addressable(customer_id):
            raise _no_such(customer_id)
        goes_on = receipt is not None and receipt.finished_at is None
        return Response(
            answers.erased(receipt, f"Customer {customer_id}"),
            status=status.HTTP_202_ACCEPTED if goes_on else status.HTTP_200_OK,
        )


def _no_such(customer_id: str) -> NotFound:
    reason = why_not_addressable(customer_id) or ""
    return NotFound(f"There is no conversation of that customer. {reason}".strip())
