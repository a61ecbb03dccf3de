"""The routes of bulk jobs, for keys of the scope `classify`: each parses, calls, presents.

A job belongs to the key that made it; to others it does not exist.
"""

import json
from typing import ClassVar, cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from beez.api import accepted, paging, throttling
from beez.api.errors import Conflict
from beez.api.models import ApiKey
from beez.api.parsing import Utf8JsonParser
from classifier.bulk import jobs, jobs_results, jobs_shapes
from classifier.bulk.jobs_body import BulkMessage, JsonlParser, LinesParser, NewBulkJob
from classifier.models import BulkJob

LINES = LinesParser.media_type
_BODY = {"messages": ["Any code for new customers?", {"id": "m-2", "message": "I'll take it."}]}


class BulkJobs(APIView):
    required_scope: ClassVar[str] = "classify"
    parser_classes = (Utf8JsonParser, LinesParser, JsonlParser)

    @extend_schema(
        operation_id="create_bulk_job",
        summary="Have many messages classified in the background",
        request={"application/json": NewBulkJob, LINES: BulkMessage},
        responses={202: jobs_shapes.BulkJobShape},
        examples=[OpenApiExample("Two messages", _BODY, request_only=True)],
        tags=["bulk"],
    )
    def post(self, request: Request) -> Response:
        """Texts, or objects with the caller's id, in a list or one a line (`application/x-ndjson`).
        `Location` in the answer is where the job tells how far it is."""
        items = accepted.body(request, NewBulkJob)["messages"]
        jobs.refuse_too_many(_key(request))
        throttling.spend(self, request, [text for _, text in items])
        job = jobs.create(key=_key(request), items=items)
        location = {"Location": f"/bulk-jobs/{job.uid}"}
        return Response(jobs_shapes.told(job), status=202, headers=location)

    @extend_schema(
        operation_id="list_bulk_jobs",
        summary="The key's bulk jobs",
        parameters=[jobs_shapes.BulkJobsQuery],
        responses=jobs_shapes.BulkJobPage,
        tags=["bulk"],
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        query = accepted.query(request, jobs_shapes.BulkJobsQuery)
        page, cursor = paging.page(jobs.of(_key(request)), query)
        return Response({"jobs": [*map(jobs_shapes.told, page)], "next": cursor})


class BulkJobDetail(APIView):
    required_scope: ClassVar[str] = "classify"

    @extend_schema(
        operation_id="show_bulk_job",
        summary="How far a bulk job is",
        responses=jobs_shapes.BulkJobShape,
        tags=["bulk"],
    )
    def get(self, request: Request, job: UUID) -> Response:
        accepted.query(request, accepted.Nothing)
        return Response(jobs_shapes.told(_existing(request, job)))

    @extend_schema(
        operation_id="remove_bulk_job",
        summary="Cancel a bulk job, or erase one that has ended",
        responses={
            200: OpenApiResponse(jobs_shapes.BulkJobShape, description="It is cancelled."),
            204: OpenApiResponse(description="It is erased, with its results."),
        },
        tags=["bulk"],
    )
    def delete(self, request: Request, job: UUID) -> Response:
        """The texts and answers of a cancelled job are erased at once; a second request erases the
        rest."""
        accepted.query(request, accepted.Nothing)
        if not jobs.remove(_existing(request, job)):
            return Response(status=204)
        return Response(jobs_shapes.told(_existing(request, job)))


class BulkJobResult(APIView):
    required_scope: ClassVar[str] = "classify"

    @extend_schema(
        operation_id="bulk_job_result",
        summary="The answers of a bulk job",
        parameters=[jobs_shapes.BulkResultQuery],
        responses={
            (200, "application/json"): jobs_shapes.BulkResult,
            (200, LINES): OpenApiTypes.STR,
        },
        tags=["bulk"],
    )
    def get(self, request: Request, job: UUID) -> HttpResponseBase:
        """In pages, as JSON or as JSON lines, whose next page is in the header `Link`. 409 until
        the job is done."""
        query = accepted.query(request, jobs_shapes.BulkResultQuery)
        done = _done(request, job)
        after, limit = query["after"], query["limit"]
        lines, following = jobs_results.page(done, after=after, limit=limit)
        if (query.get("format") or _accepted(request)) == "ndjson":
            return _as_lines(request, lines, following, limit)
        version = done.version.name if done.version else ""
        rows = [json.loads(line) for line in lines]
        page = {"model_version": version, "results": rows, "next": following}
        return Response(page, headers={"Vary": "Accept"})


def _key(request: Request) -> ApiKey:
    return cast(ApiKey, request.auth)


def _existing(request: Request, uid: UUID) -> BulkJob:
    job = jobs.of(_key(request)).filter(uid=uid).first()
    if job is None:
        raise NotFound("This API key has no bulk job of that id.")
    return job


def _done(request: Request, uid: UUID) -> BulkJob:
    job = _existing(request, uid)
    if job.state in BulkJob.UNDER_WAY:
        raise Conflict(
            f"The job is {job.state}: {job.done} of {job.total} messages are done. Its result is "
            "there when its state is done."
        )
    if job.state != BulkJob.State.DONE:
        raise Conflict(f"The job is {job.state} and has no result. {job.detail}".strip())
    return job


def _accepted(request: Request) -> str:
    wanted = request._request.get_preferred_type(
        ["application/json", LINES, JsonlParser.media_type]
    )
    return "json" if wanted in (None, "application/json") else "ndjson"


def _as_lines(
    request: Request, lines: list[str], following: int | None, limit: int
) -> HttpResponse:
    body = "".join(f"{line}\n" for line in lines)
    answer = HttpResponse(body, content_type=LINES, headers={"Vary": "Accept"})
    if following is not None:
        query = urlencode({"after": following, "limit": limit, "format": "ndjson"})
        answer["Link"] = f'<{request.path}?{query}>; rel="next"'
    return answer
