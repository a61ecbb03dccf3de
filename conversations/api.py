from rest_framework.views import APIView


class ClassifyConversation(APIView):
    pass


class ConversationList(APIView):
    pass


class ConversationDetail(APIView):
    pass


class CorrectMessage(APIView):
    pass
