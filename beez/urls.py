"""Every route of Beez on one page."""

from django.contrib import admin
from django.urls import path, register_converter

from beez import home, playground
from beez.api import errors
from beez.staff import login
from beez.status import api as status_api
from beez.status import metrics_api
from beez.webhooks import api as webhooks_api
from classifier import api as classifier_api
from classifier import models_api, thresholds_api
from classifier.bulk import jobs_api
from conversations import api as conversations_api
from conversations import customer_api
from conversations.converters import ConversationId
from conversations.staff import queue_page

register_converter(ConversationId, "any")

urlpatterns = [
    path("", playground.for_staff(home.Index.as_view()), name="index"),
    path("health", home.Health.as_view(), name="health"),
    path("ready", home.Ready.as_view(), name="ready"),
    path("status", status_api.Status.as_view()),
    path("metrics", metrics_api.Metrics.as_view()),
    path("docs", home.Docs.as_view(url_name="schema"), name="docs"),
    path("openapi.json", home.Schema.as_view(), name="schema"),
    path("classify-message", classifier_api.ClassifyMessage.as_view()),
    path("classify-messages", classifier_api.ClassifyMessages.as_view()),
    path("classify-conversation", conversations_api.ClassifyConversation.as_view()),
    path("bulk-jobs", jobs_api.BulkJobs.as_view()),
    path("bulk-jobs/<uuid:job>", jobs_api.BulkJobDetail.as_view()),
    path("bulk-jobs/<uuid:job>/result", jobs_api.BulkJobResult.as_view()),
    path("models", models_api.Models.as_view()),
    path("models/live", models_api.ModelLiveAt.as_view()),
    path("thresholds", thresholds_api.ThresholdsInForce.as_view()),
    path("conversations", conversations_api.ConversationList.as_view()),
    path(
        "conversation/<any:conversation_id>/messages/<int:position>/correction",
        conversations_api.CorrectMessage.as_view(),
    ),
    path("conversation/<any:conversation_id>", conversations_api.ConversationDetail.as_view()),
    path("webhooks", webhooks_api.Webhooks.as_view()),
    path("webhooks/<int:webhook>", webhooks_api.WebhookDetail.as_view()),
    path("webhooks/<int:webhook>/secret", webhooks_api.WebhookSecret.as_view()),
    path("webhooks/<int:webhook>/test", webhooks_api.WebhookTest.as_view()),
    path("webhooks/<int:webhook>/deliveries", webhooks_api.WebhookDeliveries.as_view()),
    path("webhooks/<int:webhook>/replay", webhooks_api.WebhookReplay.as_view()),
    path("customer/<any:customer_id>", customer_api.Customer.as_view()),
    path("admin/review/", admin.site.admin_view(queue_page.review), name="review"),
    path("admin/login/", login.guarded(admin.site.login)),
    path("admin/", admin.site.urls),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
