"""Every route of Beez on one page."""

from django.contrib import admin
from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from beez import errors, home
from classifier import api as classifier_api
from conversations import api as conversations_api

urlpatterns = [
    path("", home.index, name="index"),
    path("health", home.Health.as_view(), name="health"),
    path("docs", home.Docs.as_view(url_name="schema"), name="docs"),
    path("openapi.json", SpectacularAPIView.as_view(), name="schema"),
    path("classify-message", classifier_api.ClassifyMessage.as_view()),
    path("classify-messages", classifier_api.ClassifyMessages.as_view()),
    path("classify-conversation", conversations_api.ClassifyConversation.as_view()),
    path("conversations", conversations_api.ConversationList.as_view()),
    path(
        "conversation/<path:conversation_id>/messages/<int:position>/correction",
        conversations_api.CorrectMessage.as_view(),
    ),
    path("conversation/<path:conversation_id>", conversations_api.ConversationDetail.as_view()),
    path("admin/", admin.site.urls),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
