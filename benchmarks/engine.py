"""Takes the time of the engine alone, loaded as the web process loads it, but without a server.

A line in is a JSON list of messages, a line out the seconds that each took.
"""

import json
import os
import sys
import time

import django

from beez.launch import local

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")
local.prepare_environment()
django.setup()

from classifier import live

engine = live.current().engine


def seconds(text: str) -> float:
    started = time.perf_counter()
    engine.classify(text)
    return time.perf_counter() - started


for line in sys.stdin:
    print(json.dumps([seconds(text) for text in json.loads(line)]), flush=True)
