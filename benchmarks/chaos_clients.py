"""Who posts while things break, and what must be stored in the end."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass

import httpx

TURNS = 12  # messages of a conversation
TIMEOUT_SECONDS = 30
HEALTH_SECONDS = 0.25  # between two questions


class Client(threading.Thread):
    """Posts conversations, message by message, each until it is acknowledged.

    Every third conversation is shared with all other clients.
    """

    def __init__(self, port: int, key: str, *, number: int, texts: list[str], seed: int) -> None:
        super().__init__(daemon=True)
        self._http = _http(port, key)
        self._draw = random.Random(f"{seed}-{number}")
        self._number, self._texts, self._over = number, texts, threading.Event()
        self.acknowledged: dict[str, list[tuple[str, str]]] = {}  # ids and texts, in their order
        self.answers: Counter[str] = Counter()
        self.longest = 0.0

    def stop(self) -> None:
        self._over.set()

    def run(self) -> None:
        conversation = 0
        while not self._over.is_set():
            shared = conversation % 3 == 2
            name = f"shared-{conversation}" if shared else f"{self._number}-{conversation}"
            for turn in range(TURNS):
                if self._over.is_set():
                    break
                text = self._draw.choice(self._texts)
                message_id = f"{self._number}-{conversation}-{turn}"
                started = time.monotonic()
                while not self._post(name, message_id, text):
                    time.sleep(0.2)
                self.longest = max(self.longest, time.monotonic() - started)
                self.acknowledged.setdefault(name, []).append((message_id, text))
            conversation += 1

    def _post(self, name: str, message_id: str, text: str) -> bool:
        body = {"conversation_id": name, "message_id": message_id, "message": text}
        try:
            status = self._http.post("/classify-conversation", json=body).status_code
        except httpx.HTTPError as error:
            self.answers[type(error).__name__] += 1
            return False
        self.answers[str(status)] += 1
        return status == 200


class Prober(threading.Thread):
    """Asks `/health` all the time, as an orchestrator does."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._http, self._over = _http(port), threading.Event()
        self.answers: Counter[str] = Counter()
        self.slowest = 0.0

    def stop(self) -> None:
        self._over.set()

    def run(self) -> None:
        while not self._over.wait(HEALTH_SECONDS):
            started = time.monotonic()
            try:
                self.answers[str(self._http.get("/health").status_code)] += 1
                self.slowest = max(self.slowest, time.monotonic() - started)
            except httpx.HTTPError as error:
                self.answers[type(error).__name__] += 1


@dataclass(frozen=True, kw_only=True)
class Report:
    conversations: int
    acknowledged: int
    faults: list[str]


def compare(clients: list[Client], port: int, key: str) -> Report:
    """Read every conversation back, and hold what is stored against what was acknowledged."""
    names = sorted({name for client in clients for name in client.acknowledged})
    faults: list[str] = []
    acknowledged = 0
    with _http(port, key) as http:
        for name in names:
            stored = _stored(http, name)
            places = {message_id: place for place, (message_id, _) in enumerate(stored)}
            if len(places) != len(stored):
                faults.append(f"{name}: a message is stored twice")
            for client in clients:
                sent = client.acknowledged.get(name, [])
                acknowledged += len(sent)
                faults += [
                    f"{name}: {one[0]} is lost or altered" for one in sent if one not in stored
                ]
                order = [places[one[0]] for one in sent if one[0] in places]
                if order != sorted(order):
                    faults.append(f"{name}: the messages of a client are out of order")
    return Report(conversations=len(names), acknowledged=acknowledged, faults=faults)


def _stored(http: httpx.Client, name: str) -> list[tuple[str, str]]:
    """Ids and texts of a conversation's messages; positions must have no gaps."""
    found: list[dict[str, object]] = []
    after: int | None = 0
    while after is not None:
        page = http.get(f"/conversation/{name}", params={"after": after, "limit": 100}).json()
        found += page["messages"]
        after = page["next"]
    assert [one["position"] for one in found] == list(range(1, len(found) + 1)), name
    return [(str(one["message_id"]), str(one["message"])) for one in found]


def _http(port: int, key: str = "") -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.Client(
        base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=TIMEOUT_SECONDS
    )
