"""A command before the tables exist, or without a database, ends with one sentence."""

import json
import subprocess
import sys

import pytest

from beez.launch import complaints
from tests.beez import started

COMMANDS = [
    *("models", "activate x", "rollback", "classify hello", "evaluate training/data/plain.jsonl"),
    *("train", "prepare_dataset", "api_key list", "audit export", "check_history", "replay"),
    *("doctor", "backup {home}/backup", "tags list"),
    *("tags load training/data/optional-tags.json", "loaddata training/data/optional-tags.json"),
]
# Every command by the real entry, in one process, for starting Python so often takes long.
SCRIPT = """
import json, sys, traceback
import manage
from io import StringIO
from contextlib import redirect_stderr, redirect_stdout
from django.db import connections
told = {}
for command in json.loads(sys.argv[1]):
    sys.argv = ["manage.py", *command.split()]
    out, code = StringIO(), 0
    with redirect_stdout(out), redirect_stderr(out):
        try:
            manage.main()
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code)
            code = 1 if isinstance(end.code, str) else end.code
        except Exception:
            traceback.print_exc()
    told[command] = [code, out.getvalue()]
    connections.close_all()
print(json.dumps(told))
"""


def answers(home, commands, **changes):
    """Exit code and output of each command."""
    commands = [command.format(home=home) for command in commands]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(commands)],
        cwd=started.CHECKOUT,
        env=started.environment(home, **changes),
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def home():
    with started.empty_home() as folder:
        yield folder
        started.kill_all(folder)


def test_without_tables_every_command_says_so_in_a_sentence_and_makes_none(home):
    for command, (code, said) in answers(home, COMMANDS).items():
        sentence = said.replace("✗ ", "").replace("CommandError: ", "").strip()
        assert (code, sentence) == (1, complaints.NO_TABLES), command
    assert not (home / "backup" / "backup.json").exists()


def test_a_process_ends_with_one_line_and_exit_code_1(home):
    ended = subprocess.run(
        [sys.executable, "manage.py", "tags", "list"],
        cwd=started.CHECKOUT,
        env=started.environment(home),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"✗ {complaints.NO_TABLES}\n"


@pytest.mark.parametrize(
    "database",
    [
        {"DATABASE_URL": "postgres://anna:secret-word@127.0.0.1:1/beez"},
        {"DATABASE_HOST": "no-such-machine.invalid", "DATABASE_PASSWORD": "secret-word"},
    ],
)
def test_without_a_database_every_command_says_so_in_a_sentence(home, database):
    commands = ["models", "migrate", "tags list", "check_history", "backup {home}/b"]
    changes = database | {"SECRET_KEY": started.SECRET, "DEBUG": "true"}
    for command, (code, said) in answers(home, commands, **changes).items():
        assert code == 1, command
        assert said.startswith("✗ The database cannot be used: "), command
        assert said.endswith("what DATABASE_URL or DATABASE_HOST name.\n")
        assert said.count("\n") == 1 and "secret-word" not in said
