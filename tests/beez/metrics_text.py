"""Reads what `GET /metrics` answers."""

import re

from prometheus_client.parser import text_string_to_metric_families


def samples(text):
    """{(name, sorted labels): value} of every sample."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def names(text):
    return set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE)) | {n for n, _ in samples(text)}
