"""`GET /status`: the facts as JSON, for dashboards and monitors."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from beez.api import accepted
from beez.api.instants import instant
from beez.status import facts, sentences, waiting
from beez.status.agreement import Agreement, Share
from beez.status.facts import Facts
from beez.status.learning import Learning
from beez.status.sentences import Line

Json = dict[str, Any]
DECIMALS = 4


class CheckResponse(serializers.Serializer[Any]):
    about = serializers.CharField()
    state = serializers.ChoiceField(choices=["good", "attention", "broken"])
    text = serializers.CharField()
    advice = serializers.CharField(help_text="What to do; empty where all is well.")


class LiveResponse(serializers.Serializer[Any]):
    model_version = serializers.CharField()
    since = serializers.DateTimeField()
    actor = serializers.CharField()
    reason = serializers.CharField()
    quick = serializers.BooleanField(
        help_text="A quick first version, which answers until the full training has ended."
    )


class DayResponse(serializers.Serializer[Any]):
    day = serializers.DateField()
    messages = serializers.IntegerField()
    switches = serializers.IntegerField()
    tags = serializers.DictField(
        child=serializers.IntegerField(), help_text="Messages that got each tag."
    )


class WaitingResponse(serializers.Serializer[Any]):
    unsure = serializers.IntegerField(help_text="Messages of which the model is unsure.")
    drawn = serializers.IntegerField(help_text="Messages drawn at random.")
    counted_up_to = serializers.IntegerField(help_text="A figure of that size may be more.")


class ShareResponse(serializers.Serializer[Any]):
    agreed = serializers.IntegerField()
    of = serializers.IntegerField()
    low = serializers.FloatField(help_text="Lower end of the 95% interval of the share.")
    high = serializers.FloatField()


class TagAgreementResponse(serializers.Serializer[Any]):
    tag = serializers.CharField()
    given = ShareResponse(help_text="Of the messages that the model gave the tag.")
    found = ShareResponse(help_text="Of the messages that have the tag, staff say.")


class AgreementResponse(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    model_version = serializers.CharField(
        allow_null=True, help_text="Null: too few reviews of the live version, all are counted."
    )
    messages = ShareResponse(help_text="Messages where staff agree with every tag.")
    tags = TagAgreementResponse(many=True)


class RunResponse(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    state = serializers.CharField()
    reason = serializers.CharField()
    step = serializers.CharField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class LearningResponse(serializers.Serializer[Any]):
    due = serializers.BooleanField(allow_null=True, help_text="Null: it cannot be told.")
    reason = serializers.CharField()
    reviewed = serializers.IntegerField(help_text="Reviews since the last training.")
    needed = serializers.IntegerField()
    next_check = serializers.DateTimeField()
    missed = serializers.DateTimeField(
        allow_null=True, help_text="The last night's check, where it did not take place."
    )
    last_run = RunResponse(allow_null=True)


class SeenResponse(serializers.Serializer[Any]):
    web = serializers.DateTimeField(allow_null=True)
    worker = serializers.DateTimeField(allow_null=True)
    beat = serializers.DateTimeField(allow_null=True)


class StatusResponse(serializers.Serializer[Any]):
    ok = serializers.BooleanField(help_text="No check is broken.")
    at = serializers.DateTimeField()
    checks = CheckResponse(many=True)
    live = LiveResponse(allow_null=True)
    days = DayResponse(many=True, allow_null=True, help_text="The last 14; today is the last.")
    waiting = WaitingResponse(allow_null=True)
    agreement = AgreementResponse(allow_null=True)
    learning = LearningResponse(allow_null=True)
    seen = SeenResponse()
    disk_free_bytes = serializers.IntegerField()


_MOMENT = "2026-01-31T12:00:00+00:00"
_EXAMPLE = {
    "ok": True,
    "at": _MOMENT,
    "checks": [
        {
            "about": "worker",
            "state": "good",
            "text": "The worker was last seen 12 s ago.",
            "advice": "",
        },
        {
            "about": "due",
            "state": "good",
            "text": "37 of 50 reviewed messages needed.",
            "advice": "",
        },
    ],
    "live": {
        "model_version": "20260102-030405-3f9a1c",
        "since": "2026-01-02T03:09:41+00:00",
        "actor": "training run 7",
        "reason": "Activated: not worse than the version before.",
        "quick": False,
    },
    "days": [
        {
            "day": "2026-01-31",
            "messages": 412,
            "switches": 37,
            "tags": {"Deal-seeker": 61, "Hot-buyer": 24},
        }
    ],
    "waiting": {"unsure": 31, "drawn": 18, "counted_up_to": waiting.MOST},
    "agreement": {
        "since": "2025-11-02T12:00:00+00:00",
        "model_version": "20260102-030405-3f9a1c",
        "messages": {"agreed": 181, "of": 200, "low": 0.8564, "high": 0.9383},
        "tags": [
            {
                "tag": "Hot-buyer",
                "given": {"agreed": 37, "of": 40, "low": 0.8014, "high": 0.9742},
                "found": {"agreed": 37, "of": 41, "low": 0.7745, "high": 0.9614},
            }
        ],
    },
    "learning": {
        "due": False,
        "reason": "37 of 50 reviewed messages needed.",
        "reviewed": 37,
        "needed": 50,
        "next_check": "2026-02-01T03:30:00+00:00",
        "missed": None,
        "last_run": {
            "id": 8,
            "state": "skipped",
            "reason": "Nothing has changed.",
            "step": "",
            "started_at": "2026-01-31T03:30:00+00:00",
            "finished_at": "2026-01-31T03:30:02+00:00",
        },
    },
    "seen": {"web": _MOMENT, "worker": _MOMENT, "beat": _MOMENT},
    "disk_free_bytes": 41_872_703_488,
}


class Status(APIView):
    required_scope: ClassVar[str] = "read"

    @extend_schema(
        operation_id="show_status",
        summary="How Beez is doing",
        description="Figures may be a minute old. A part that cannot be read is null.",
        responses=StatusResponse,
        examples=[OpenApiExample("All is well", _EXAMPLE)],
        tags=["service"],
    )
    def get(self, request: Request) -> Response:
        accepted.query(request, accepted.Nothing)
        found = facts.gather()
        return Response(answer(found, sentences.lines(found)))


def answer(found: Facts, told: list[Line]) -> Json:
    """What `StatusResponse` describes; `told` are the sentences that follow from the facts."""
    live = found.live
    return {
        "ok": sentences.is_well(told),
        "at": found.at.isoformat(),
        "checks": [
            {"about": one.about, "state": one.state, "text": one.text, "advice": one.advice}
            for one in told
        ],
        "live": live
        and {
            "model_version": live.version,
            "since": live.since.isoformat(),
            "actor": live.actor,
            "reason": live.reason,
            "quick": live.full is not None,
        },
        "days": found.days
        and [
            {
                "day": day.day.isoformat(),
                "messages": day.messages,
                "switches": day.switches,
                "tags": day.tags,
            }
            for day in found.days
        ],
        "waiting": found.waiting
        and {
            "unsure": found.waiting.unsure,
            "drawn": found.waiting.drawn,
            "counted_up_to": waiting.MOST,
        },
        "agreement": found.agreement and _agreement(found.agreement),
        "learning": found.learning and _learning(found.learning),
        "seen": {kind: instant(moment) for kind, moment in found.seen.items()},
        "disk_free_bytes": found.disk[1],
    }


def _agreement(found: Agreement) -> Json:
    return {
        "since": found.since.isoformat(),
        "model_version": found.version,
        "messages": _share(found.messages),
        "tags": [
            {"tag": one.tag, "given": _share(one.given), "found": _share(one.found)}
            for one in found.tags
        ],
    }


def _share(share: Share) -> Json:
    low, high = share.interval
    return {
        "agreed": share.agreed,
        "of": share.of,
        "low": round(low, DECIMALS),
        "high": round(high, DECIMALS),
    }


def _learning(found: Learning) -> Json:
    run = found.last_run
    return {
        "due": found.is_due,
        "reason": found.reason,
        "reviewed": found.reviewed,
        "needed": found.needed,
        "next_check": found.next_check.isoformat(),
        "missed": instant(found.missed),
        "last_run": run
        and {
            "id": run.pk,
            "state": run.state,
            "reason": run.reason,
            "step": run.step,
            "started_at": run.started_at.isoformat(),
            "finished_at": instant(run.finished_at),
        },
    }
