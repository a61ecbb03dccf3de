"""Compares Beez with other recipes on NLU++ (Casanueva et al. 2022), trained on the same folds.

`python benchmarks/nlupp.py --data DIR --domain banking --regime 20-fold`; `--help` lists the
options. Stopped and started again, it goes on after the last training that it has finished.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import nlupp_data
import nlupp_methods
import nlupp_table
from nlupp_data import REGIMES, Domain
from tqdm import tqdm

from training.decision import metrics

Row = dict[str, Any]


def main() -> None:
    options = _options()
    try:
        domain = nlupp_data.read(options.data, options.domain)
    except nlupp_data.DataError as error:
        sys.exit(f"✗ {error}")
    try:
        _run(domain, options)
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on from here.", file=sys.stderr)
    print(_table(domain, options))


@dataclass(frozen=True)
class Results:
    """One JSON line for each training; a line counts for the same settings and data alone."""

    file: Path

    def rows(self) -> Iterator[Row]:
        if self.file.exists():
            for line in self.file.read_text().splitlines():
                try:
                    yield json.loads(line)
                except ValueError:
                    continue  # a line that was cut off when the benchmark was stopped

    def add(self, row: Row) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as lines:
            lines.write(json.dumps(row) + "\n")


def _run(domain: Domain, options: argparse.Namespace) -> None:
    results = Results(options.results)
    done = {_key(row) for row in results.rows()}
    wanted = [
        (run, method)
        for run in range(options.runs)
        for method in options.method
        if nlupp_methods.missing(method) is None
    ]
    bar = tqdm(wanted, unit="training", disable=options.quiet)
    for run, method in bar:
        bar.set_description(f"run {run} {method}")
        key = _keys(domain, options.regime, method) | {"run": run}
        if _key(key) not in done:
            results.add(key | _measure(method, domain, options.regime, run))


def _measure(method: str, domain: Domain, regime: str, run: int) -> Row:
    """Train on the run's training folds, score on its test folds."""
    train, test = domain.split(regime, run)
    fitted = nlupp_methods.fit(method, train, domain.descriptions)
    predicted = fitted.probabilities(test.texts) >= fitted.threshold
    return {
        "micro_f1": metrics.micro_f1(test.labels, predicted),
        "threshold": fitted.threshold,
        "training_examples": len(train.texts),
        "training_seconds": fitted.seconds,
        "microseconds": nlupp_methods.microseconds(fitted, test.texts),
    }


def _keys(domain: Domain, regime: str, method: str) -> Row:
    settings = json.dumps(nlupp_methods.settings(method), sort_keys=True)
    return {
        "domain": domain.name,
        "data": domain.digest,
        "regime": regime,
        "method": method,
        "settings": hashlib.sha256(settings.encode()).hexdigest()[:12],
    }


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("domain", "data", "regime", "method", "settings", "run"))


def _table(domain: Domain, options: argparse.Namespace) -> str:
    """The lines of the results file that belong to this command, as one table."""
    measured = {_key(row): row for row in Results(options.results).rows()}
    rows = {
        method: [
            row
            for run in range(options.runs)
            if (row := measured.get(_key(_keys(domain, options.regime, method) | {"run": run})))
        ]
        for method in options.method
    }
    return nlupp_table.markdown(domain, options.regime, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with ontology.json and DOMAIN/fold*.json"
    )
    parser.add_argument("--domain", required=True, help="such as banking or hotels")
    parser.add_argument("--regime", choices=REGIMES, required=True)
    parser.add_argument("--runs", type=int, help="only the first so many runs of the regime")
    parser.add_argument(
        "--method", action="append", choices=nlupp_methods.METHODS, help="repeatable; default: all"
    )
    parser.add_argument(
        "--results", type=Path, default=CHECKOUT / "var" / "nlupp.jsonl",
        help="JSON lines, one for each training (default: var/nlupp.jsonl)",
    )  # fmt: skip
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    options.method = options.method or list(nlupp_methods.METHODS)
    options.runs = min(options.runs or REGIMES[options.regime], REGIMES[options.regime])
    return options


if __name__ == "__main__":
    main()
