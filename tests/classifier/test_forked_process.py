import json

import pytest

from tests.classifier import processes

# The parent has loaded an engine with threads of its own and watches the ledger; so must the
# child, which inherits neither threads nor connection. Both end by normal interpreter exit.
SCRIPT = """
import json, os, sys, time
import django
django.setup()
from classifier import live, registry
from classifier.models import ModelVersion
from django.db import connection

def serving():
    model = live.current()
    return [model.version_name, [tag for tag, _ in model.engine.classify("buy").selected]]

def wait_for(name):
    deadline = time.monotonic() + 5
    while live.current().version_name != name and time.monotonic() < deadline:
        time.sleep(0.02)
    return live.current().version_name

live.warm()
before = serving()
time.sleep(1)
out, into = os.pipe()
child = os.fork()
if child == 0:
    first = serving()
    os.write(into, json.dumps([first, wait_for("b")]).encode())
    sys.exit(0)
time.sleep(1.5)
registry.activate(ModelVersion.objects.get(name="b"))
after = wait_for("b")
os.close(into)
status = os.waitpid(child, 0)[1]
print(json.dumps({"before": before, "after": after, "child": json.loads(os.read(out, 1000)),
                  "child_status": status}))
"""


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_forked_child_loads_and_watches_for_itself_and_the_parent_goes_on(
    keyword_model, models_dir
):
    from classifier import registry
    from tests import keyword_model as keywords

    keywords.build(models_dir, "b", words={"Hot-buyer": ["buy"]})
    registry.register("b")
    assert json.loads(processes.run(SCRIPT)) == {
        "before": ["keywords-1", ["Hot-buyer"]],
        "after": "b",
        "child": [["keywords-1", ["Hot-buyer"]], "b"],
        "child_status": 0,
    }
