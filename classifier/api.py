from rest_framework.views import APIView


class ClassifyMessage(APIView):
    pass


class ClassifyMessages(APIView):
    pass
