"""Views of the tests' own, so that the shell is tested without the domain."""

from typing import ClassVar

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from beez import urls
from beez.api import accepted, errors
from beez.api.throttling import KeyRateThrottle


class Order(serializers.Serializer):
    item = serializers.CharField(max_length=10)
    counts = serializers.ListField(child=serializers.IntegerField(), required=False)

    def validate(self, attrs):
        if attrs["item"] == "nothing":
            raise serializers.ValidationError("Order something.")
        return attrs


class Wanted(serializers.Serializer):
    size = serializers.IntegerField(required=False)


class Echo(APIView):
    required_scope = "classify"

    def get(self, request):
        return Response({"caller": request.user.name, **accepted.query(request, Wanted)})

    def post(self, request):
        return Response(accepted.body(request, Order))


class Limited(Echo):
    throttle_classes = (KeyRateThrottle,)


class ScopeOfEachMethod(APIView):
    required_scope: ClassVar = {"GET": "read", "DELETE": "erase"}

    def get(self, request):
        return Response({})

    def delete(self, request):
        return Response({})


FAILURES = {
    "operational": OperationalError("connection refused"),
    "interface": InterfaceError("connection already closed"),
    "unexpected": RuntimeError("the secret words of a customer"),
    "missing": Http404("no row"),
    "denied": PermissionDenied(),
    "suspicious": SuspiciousOperation("odd"),
    "conflict": errors.Conflict("Taken."),
    "unavailable": errors.Unavailable(),
}


class Fails(APIView):
    authentication_classes = ()
    permission_classes = ()

    def post(self, request, kind):
        text = request.data.get("message")  # a local that no log may show
        assert text is None or text
        raise FAILURES[kind]


def plain(request, kind):
    raise FAILURES[kind]


def plain_ok(request):
    return HttpResponse("ok")


urlpatterns = [
    path("echo", Echo.as_view()),
    path("limited", Limited.as_view()),
    path("scopes", ScopeOfEachMethod.as_view()),
    path("fails/<str:kind>", Fails.as_view()),
    path("plain/<str:kind>", plain),
    path("admin/fails/<str:kind>", plain),
    *urls.urlpatterns,
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
