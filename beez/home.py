from django.http import JsonResponse
from drf_spectacular.views import SpectacularSwaggerView
from rest_framework.views import APIView


def index(request):
    return JsonResponse({})


class Health(APIView):
    pass


class Docs(SpectacularSwaggerView):
    pass
