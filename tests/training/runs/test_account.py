from training.runs.account import Account


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def train(account, epochs, batches, **last):
    for epoch in range(1, epochs + 1):
        for batch in range((epoch - 1) * batches + 1, epoch * batches + 1):
            yield {"epoch": epoch, "epochs": epochs, "batch": batch, "batches": epochs * batches,
                   "loss": 1 / batch}  # fmt: skip
        yield {"epoch": epoch, "epochs": epochs, "loss": 1 / epoch, **last}


def test_the_share_rises_to_the_end_and_never_falls():
    account, shares = Account(), []
    story = [
        {"step": "prepare"},
        {"step": "fine-tune 2 times", "fits": 2},
        {"step": "part 1"},
        *train(account, 3, 4),
        {"step": "on all"},
        *list(train(account, 3, 4))[:10],  # it stops early
        {"step": "calibrate"},
        {"step": "export"},
    ]
    for report in story:
        account.add(report)
        shares.append(account.facts["share"])
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert 0.3 < shares[3 + 14] < 0.5  # one of two networks
    assert 0.75 <= shares[-2] < shares[-1] < 1


def test_what_one_step_said_is_gone_in_the_next_and_its_time_stays():
    clock = Clock()
    account = Account(clock)
    account.add({"step": "fine-tune"})
    account.add({"epoch": 1, "epochs": 2, "batch": 1, "batches": 8, "loss": 0.5})
    clock.now = 12.0
    account.add({"step": "export"})
    assert "epoch" not in account.facts and "loss" not in account.facts
    assert account.facts["steps"] == [{"step": "fine-tune", "seconds": 12.0}, {"step": "export"}]


def test_each_network_has_a_curve_of_its_own():
    account = Account()
    for epochs in (2, 3):
        account.add({"step": "fine-tune"})
        for report in train(account, epochs, 1, validation_micro_f1=0.5):
            account.add(report)
    assert [[row["epoch"] for row in curve] for curve in account.facts["curves"]] == [
        [1, 2],
        [1, 2, 3],
    ]
    assert account.facts["curves"][0][0] == {"epoch": 1, "loss": 1.0, "validation_micro_f1": 0.5}
