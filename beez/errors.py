from django.views.defaults import bad_request, permission_denied, server_error
from django.views.defaults import page_not_found as not_found
from rest_framework.views import exception_handler as handle

__all__ = ["bad_request", "handle", "not_found", "permission_denied", "server_error"]
