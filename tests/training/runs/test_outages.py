import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from training.models import TrainingRun
from training.runs import outages, recording

real_transactions = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def cut():
    """End the server's side of this connection, as a restart does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    settings = connection.get_connection_params()
    settings = {
        k: settings[k] for k in ("host", "user", "dbname", "password", "port") if settings.get(k)
    }
    with psycopg.connect(**settings) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


@real_transactions
def test_what_a_cut_connection_failed_is_done_again():
    with recording.recorded("command", {}) as handle:
        cut()
        handle.report({"step": "x"}, now=True)
        cut()
        assert handle.commit(TrainingRun.objects.count) == 1
        cut()
    assert TrainingRun.objects.get().state == "succeeded"


@real_transactions
def test_a_row_whose_end_was_written_though_the_answer_was_lost_ends_well(monkeypatch):
    answers = []
    real = outages.outlive

    def losing_the_first_answer(action, *, patience=None):
        def act():
            found = action()
            answers.append(found)
            if len(answers) == 1:
                raise OperationalError("the server closed the connection")
            return found

        return real(act, patience=patience)

    with recording.recorded("command", {}):
        monkeypatch.setattr(recording, "outlive", losing_the_first_answer)
    assert TrainingRun.objects.get().state == "succeeded"
    assert len(answers) == 2


@real_transactions
def test_after_a_while_the_error_is_raised():
    def fail():
        raise OperationalError("away")

    with pytest.raises(OperationalError, match="away"):
        outages.outlive(fail, patience=0.3)


@pytest.mark.django_db
def test_inside_a_transaction_nothing_is_tried_again():
    tries = []

    def fail():
        tries.append(1)
        raise OperationalError("away")

    with pytest.raises(OperationalError), transaction.atomic():
        outages.outlive(fail)
    assert len(tries) == 1


@real_transactions
def test_an_outage_that_swallows_the_answer_of_the_begin_makes_no_second_run(monkeypatch):
    real, failed = recording._begin, []

    def begin(*arguments, **named):
        row = real(*arguments, **named)
        if not failed:
            failed.append(row)
            raise OperationalError("server closed the connection unexpectedly")
        return row

    monkeypatch.setattr(recording, "_begin", begin)
    with recording.recorded("schedule", {}) as handle:
        assert handle.run.pk == failed[0].pk
    assert TrainingRun.objects.get().state == "succeeded"
