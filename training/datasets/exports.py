"""Brings objects as Label Studio, doccano and Argilla export them to our fields, by their names.

An object with the answers of several annotators gives one record each; that they differ is for
`duplicates.merge` to find. One that nobody has labelled yet gives none.
"""

from typing import Any

from beez.files import names
from training.datasets.notes import Notes, quoted

Fields = dict[str, Any]
# In Label Studio's short JSON the tags stand under a name of the project's own, beside these.
LABEL_STUDIO_MIN = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"}
UNFINISHED = {"discarded", "draft", "pending", "Default", "Discarded"}  # statuses of Argilla
NOT_LABELLED = "{n} messages that nobody has labelled are left out"


def records(fields: Fields, notes: Notes) -> list[Fields]:
    """Fields named as ours of the record, or of each annotator's; none where none has labelled."""
    answers = _label_studio(fields) or _argilla(fields)
    if answers is None:
        return [_renamed(fields, notes)]
    message, tags = answers
    if not tags:
        notes.say(NOT_LABELLED)
    return [{"message": message, "tags": one} for one in tags]


Answers = tuple[Any, list[Any]]  # the message, and the tags that each annotator chose


def _label_studio(fields: Fields) -> Answers | None:
    data = fields.get("data")
    if isinstance(data, dict) and names.best(list(fields), "message") is None:
        found = _dicts(fields.get("annotations") or fields.get("completions"))
        finished = [one for one in found if not one.get("was_cancelled")]
        return _message(data), [_choices(one) for one in finished]
    if "annotation_id" in fields and names.best(list(fields), "tags") is None:
        ours = [name for name in fields if names.field(name) == "message"]
        chosen = [value for name, value in fields.items() if name not in {*ours, *LABEL_STUDIO_MIN}]
        tags = [tag for value in chosen for tag in _tags(value)]
        return _message(fields), [tags]
    return None


def _choices(annotation: Fields) -> list[Any]:
    values = [one.get("value") for one in _dicts(annotation.get("result"))]
    return [tag for value in values if isinstance(value, dict) for tag in _tags(value)]


def _argilla(fields: Fields) -> Answers | None:
    inner = fields.get("fields")
    if isinstance(inner, dict) and not isinstance(fields.get("message"), str):
        return _message(inner), _responses(fields.get("responses"))
    if "annotation" in fields and ("annotation_agent" in fields or "prediction" in fields):
        inputs = fields.get("inputs")
        message = _message(fields) or (_message(inputs) if isinstance(inputs, dict) else None)
        done = fields["annotation"] is not None and fields.get("status") not in UNFINISHED
        return message, [_tags(fields["annotation"])] if done else []
    return None


def _responses(responses: Any) -> list[list[Any]]:
    """Argilla writes a list of responses with values, or for each question a list of answers."""
    if isinstance(responses, dict):
        question = names.best(list(responses), "tags") or next(iter(responses), "")
        return [_tags(one.get("value")) for one in _finished(responses.get(question))]
    values = [one.get("values") for one in _finished(responses)]
    return [_response(one) for one in values if isinstance(one, dict) and one]


def _response(values: Fields) -> list[Any]:
    answer = values[names.best(list(values), "tags") or next(iter(values))]
    return _tags(answer.get("value") if isinstance(answer, dict) else answer)


def _finished(answers: Any) -> list[Fields]:
    return [one for one in _dicts(answers) if one.get("status") not in UNFINISHED]


def _tags(value: Any) -> list[Any]:
    """Tags of one answer: a text, a list, or Label Studio's choices."""
    if isinstance(value, dict):
        value = value.get("choices", value.get("taxonomy", []))
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _message(fields: Fields) -> Any:
    name = names.best(list(fields), "message")
    if name is not None:
        return fields[name]
    texts = [value for value in fields.values() if isinstance(value, str)]
    return texts[0] if len(texts) == 1 else None


def _dicts(value: Any) -> list[Fields]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _renamed(fields: Fields, notes: Notes) -> Fields:
    """Our fields under our names; the others are left aside, and that is told."""
    found: Fields = {}
    for of in ("message", "tags", "group", "labelled_for"):
        name = names.best(list(fields), of)
        if name is None:
            continue
        found[of] = fields[name]
        if name != of:
            notes.say(f"the field {quoted(name)} is read as {of}")
    for name in fields:
        read = names.best(list(fields), names.field(name) or "message") == name
        if not read and not names.is_remark(name):
            notes.unread(name)
    return found
