"""How much slower Beez becomes with millions of messages: posting, reading, every staff page.

Two homes, one empty and one filled, are asked the same, in turns:

    .venv/bin/python benchmarks/scale.py --model var/models/NAME --markdown scale.md
"""

import argparse
import json
import random
import shutil
import statistics
import subprocess
import tempfile
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import home
import load
import servers
from home import Home
from load import Post
from tqdm import tqdm

MESSAGES = servers.CHECKOUT / "training" / "data" / "seed.jsonl"
ROUNDS, TURNS, CLIENTS = 20, 5, 4  # conversations of a client, messages of each
POSTING_AIM, PAGE_AIM = 1.2, 500.0  # times the empty database; milliseconds

Row = dict[str, Any]


def main() -> None:
    options = _options()
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        empty = stack.enter_context(home.temporary(options.model))
        full = stack.enter_context(_full(options))
        print("Pages and reading routes, empty and full", flush=True)
        pages = {
            "empty": _pages(empty, logs / "empty.json", options),
            "full": _pages(full, logs / "full.json", options, fill=options.messages),
        }
        print("Posting, in turns", flush=True)
        running = [
            stack.enter_context(servers.beez(folder, environment=one.environment, key=one.key))
            for one, folder in ((empty, _made(logs / "a")), (full, _made(logs / "b")))
        ]
        posting = _posting(*running)
    report = _report(pages, posting, options.messages)
    print(f"\n{report}")
    if options.markdown:
        options.markdown.write_text(f"{report}\n{_plans(pages['full'])}")


def _full(options: argparse.Namespace) -> Any:
    """A home of the benchmark's own, or the one that an earlier run has filled."""
    if options.home and options.home.exists():
        return home.existing(options.home)
    return home.temporary(options.model, keep=options.home)


def _pages(place: Home, file: Path, options: argparse.Namespace, fill: int = 0) -> list[Row]:
    command = [servers.PYTHON, str(Path(__file__).with_name("scale_pages.py")), "--json", str(file)]
    command += ["--repeat", str(options.repeat), "--fill", str(fill)]
    subprocess.run(command, env=place.environment, check=True)
    rows: list[Row] = json.loads(file.read_text())
    return rows


def _posting(empty: servers.Server, full: servers.Server) -> dict[str, list[float]]:
    """Seconds of each stored message; the servers take turns, for the machine has its moods."""
    texts = [json.loads(line)["message"] for line in MESSAGES.read_text().splitlines()]
    draw, taken = random.Random(7), {"empty": list[float](), "full": list[float]()}
    for number in tqdm(range(ROUNDS), unit="round"):
        shares = []
        for _ in range(CLIENTS):
            name = f"benchmark-{uuid.uuid4().hex}"
            turns = draw.sample(texts, TURNS)
            shares.append(
                [
                    Post("/classify-conversation", {"conversation_id": name, "message": text})
                    for text in turns
                ]
            )
        for case, server in (("empty", empty), ("full", full)):
            answers = load.measure(shares, port=server.port, key=server.key).answers
            if number:  # the first one warms up
                taken[case] += answers
    return taken


def _report(pages: dict[str, list[Row]], posting: dict[str, list[float]], count: int) -> str:
    middle = {case: statistics.median(times) * 1000 for case, times in posting.items()}
    ratio = middle["full"] / middle["empty"]
    before = {row["page"]: row for row in pages["empty"]}
    lines = [
        f"Posting a message, {CLIENTS} clients: {middle['full']:.1f} ms over {count:,} messages, "
        f"{middle['empty']:.1f} ms over none: {ratio:.2f} times (aim {POSTING_AIM}).",
        "",
        "| page or route | empty, ms | full, ms | worst | processor | indexes |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in sorted(pages["full"], key=lambda one: -one["median"]):
        was = before.get(row["page"])
        failed = "" if row["statuses"] == [200] else f" ✗ {row['statuses']}"
        lines.append(
            f"| {row['page']}{failed} | {was['median']:.0f} | " if was else f"| {row['page']} | | "
        )
        lines[-1] += (
            f"{row['median']:.0f} | {row['worst']:.0f} | {row['processor']:.0f} "
            f"| {', '.join(row['indexes'])} |"
        )
    slow = [row["page"] for row in pages["full"] if row["median"] > PAGE_AIM]
    lines += ["", f"Slower than {PAGE_AIM:.0f} ms: {', '.join(slow) or 'none'}."]
    return "\n".join(lines)


def _plans(rows: list[Row]) -> str:
    """The plans of the full database, page by page."""
    parts = ["\n## Plans\n"]
    for row in rows:
        if row["plans"]:
            told = "\n\n".join("\n".join(_told(plan)) for plan in row["plans"])
            parts.append(f"### {row['page']}\n\n```\n{told}\n```\n")
    return "\n".join(parts)


def _told(plan: Row, depth: int = 0) -> list[str]:
    """A plan as indented lines: what is done, on what, and how many rows are expected."""
    names = [plan["Node Type"], plan.get("Index Name") or plan.get("Relation Name") or ""]
    line = f"{'  ' * depth}{' '.join(names).strip()} ({plan['Plan Rows']} rows)"
    inner = [told for part in plan.get("Plans", []) for told in _told(part, depth + 1)]
    return [line, *inner]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--messages", type=int, default=2_000_000, help="in 20/3 as few conversations (2000000)")
    add("--model", type=Path, help="model folder to serve; without it, train one")
    add("--home", type=Path, help="keep the full home here, or use the one there")
    add("--repeat", type=int, default=5, help="times for each page (5)")
    add("--markdown", type=Path, metavar="FILE", help="write tables and query plans there")
    options = parser.parse_args()
    if options.model:
        options.model = options.model.resolve()
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if options.messages * 2_500 > free:
        parser.error(f"{options.messages:,} messages need more disk than the {free:,} bytes free.")
    return options


if __name__ == "__main__":
    main()
