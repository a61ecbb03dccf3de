import logging
import sys

from beez.api.logs import LineFormatter


def outline(action):
    try:
        action()
    except Exception:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "It failed", (), sys.exc_info())
        return LineFormatter("%(message)s").format(record)
    raise AssertionError("no exception")


def quotes_a_customer():
    try:
        raise KeyError("words of a customer")
    except KeyError as exc:
        raise ValueError(f"no such thing: {exc}") from exc


def test_a_traceback_shows_places_and_types_but_no_exception_message():
    text = outline(quotes_a_customer)
    assert "It failed" in text and "in quotes_a_customer" in text
    assert text.index("builtins.KeyError") < text.index("builtins.ValueError")
    assert "words of" not in text.replace('raise KeyError("words of a customer")', "")


def test_the_settings_use_it():
    handlers = logging.getLogger().handlers
    assert any(isinstance(handler.formatter, LineFormatter) for handler in handlers)
