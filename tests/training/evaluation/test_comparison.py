import json

import pytest

from tests.training.evaluation.versions import (
    DEAL,
    HOT,
    WISH,
    WORDS,
    examples,
    items,
    served,
    shop,
)
from training.evaluation import comparison
from training.evaluation.comparison import Messages

OLD = served(name="old")
BLIND = served(WORDS | {HOT: "purchase"})  # finds no Hot-buyer


def compare(new, hold_out=(), *, old=OLD, before=(), stream=(), **fields):
    return comparison.compare(
        challenger=new,
        champion=old,
        messages=Messages(
            hold_out=items(hold_out), before=items(before), stream=items(stream), **fields
        ),
        untagged_share=0.75,
    )


def part(report, name):
    (found,) = [part for part in report["parts"] if part["name"] == name]
    return found


def findings(part):
    return {tag: row["finding"] for tag, row in part["per_tag"].items()}


def test_a_version_that_answers_alike_is_the_same_on_every_tag():
    report = compare(served(), shop())
    assert part(report, "hold_out")["overall"]["champion"] == 1
    assert findings(part(report, "hold_out")) == dict.fromkeys((HOT, DEAL, WISH), "same")
    assert report["lost"] == {"messages": 0, "reviews": 0, "listed": []}


def test_a_lost_tag_is_worse_and_the_messages_are_named_with_what_each_said():
    report = compare(BLIND, shop())
    assert findings(part(report, "hold_out"))[HOT] == "worse"
    assert findings(part(report, "hold_out"))[DEAL] == "same"
    assert report["lost"]["messages"] == 20
    first = report["lost"]["listed"][0]
    assert first["place"] == f"test.jsonl:1 of {'d' * 12}"
    assert (first["holds"], first["champion"], first["challenger"]) == ([HOT], [HOT], [])


def test_the_thresholds_in_force_decide_for_both():
    report = compare(served(threshold=0.96), shop(), old=served(name="old", threshold=0.96))
    assert part(report, "hold_out")["overall"]["champion"] == 0
    assert part(report, "hold_out")["overall"]["challenger"] == 0


def test_the_hold_out_is_weighed_like_a_stream_and_told_plain_too():
    noisy = served(WORDS | {HOT: "where"})  # Hot-buyer for everybody who asks for a parcel
    report = compare(noisy, shop(untagged=20))
    weighed, plain = part(report, "hold_out"), part(report, "hold_out_plain")
    assert weighed["overall"]["challenger"] < plain["overall"]["challenger"]
    assert weighed["judged"]
    assert not plain["judged"]


def test_messages_of_files_reviews_and_each_reviewer_are_told_apart():
    stream = [*examples(12, "buy now", HOT, review=1), *examples(3, "save me", WISH, review=101)]
    reviewers = dict.fromkeys(range(1, 13), "anna") | dict.fromkeys(range(101, 104), "ben")
    report = compare(BLIND, shop(), stream=stream, reviewers=reviewers)
    assert part(report, "files")["messages"] == 120
    assert part(report, "reviews")["messages"] == 15
    by = {p["reviewer"]: p["messages"] for p in report["parts"] if p["name"] == "reviewer"}
    assert by == {"anna": 12, "ben": 3}


def test_reviewed_messages_that_got_worse_come_first_in_the_list():
    stream = examples(2, "buy now", HOT, review=7)
    lost = compare(BLIND, shop(), stream=stream)["lost"]
    assert [row["place"] for row in lost["listed"][:2]] == ["reviews:7", "reviews:8"]
    assert (lost["messages"], lost["reviews"]) == (22, 2)


def test_labels_as_they_were_when_a_message_was_first_held_out_count_too():
    """A review that takes a tag off cannot take away what spoke for it before."""
    taken_off = examples(20, "buy it", review=1)
    hold_out = [*taken_off, *shop(hot=0)]
    report = compare(BLIND, hold_out, before=shop())
    assert part(report, "hold_out")["per_tag"][HOT]["support"] == 0
    assert findings(part(report, "before"))[HOT] == "worse"
    assert part(report, "files")["messages"] == 120


def test_tags_that_one_version_alone_knows_are_told_apart_and_not_compared():
    old = served({DEAL: "discount", WISH: "save", "Old-tag": "old"}, name="old")
    before = [*shop(), *examples(5, "old thing", "Old-tag", start=900)]
    report = compare(served(), shop(), old=old, before=before)
    assert report["tags"] == [DEAL, WISH]
    assert report["only_challenger"][HOT]["support"] == 20
    assert report["only_challenger"][HOT]["f1"] == 1
    assert report["only_champion"]["Old-tag"] == {
        "precision": 1, "recall": 1, "f1": 1, "support": 5,
    }  # fmt: skip


def test_a_tag_with_too_few_messages_everywhere_is_undecidable():
    report = compare(BLIND, shop(hot=4), stream=examples(3, "buy at last", HOT, review=1))
    assert report["undecidable"] == [
        {"tag": HOT, "support": 7, "champion_wrong": 0, "challenger_wrong": 7}
    ]


def test_an_unknown_tag_counts_for_neither():
    hold_out = [*shop(hot=0), *examples(30, "buy it", unknown=(HOT,))]
    report = compare(BLIND, hold_out)
    assert report["undecidable"][0]["champion_wrong"] == 0
    assert report["lost"]["messages"] == 0


@pytest.mark.parametrize("tags", [(), (HOT,)])
def test_without_messages_or_common_tags_there_is_a_report_all_the_same(tags):
    old = served(dict.fromkeys(tags, "buy") or {"Old-tag": "x"}, name="old")
    assert compare(served(), old=old)["parts"] == []
    assert bool(compare(served(), shop(), old=old)["parts"]) is bool(tags)


def test_reviews_that_say_the_opposite_of_what_the_live_version_is_sure_of_are_told():
    reviews = [
        *examples(12, "buy it", review=1),
        *examples(3, "buy one", HOT, review=50),
        *examples(2, "discount", start=50, review=60),
        *examples(1, "parcel", HOT, review=70),
    ]
    reviewers = {e.review: "anna" for e in reviews}
    rows = compare(served(), shop(), reviews=reviews, reviewers=reviewers)["contradictions"]
    told = {(r["tag"], r["says"]): (r["against"], r["of"], r["systematic"]) for r in rows}
    assert told == {
        (HOT, "does not hold"): (12, 15, True),
        (DEAL, "does not hold"): (2, 2, False),
        (HOT, "holds"): (1, 3, False),
    }
    assert rows[0]["reviews"] == list(range(1, 13))
    assert rows[0]["reviewer"] == "anna"


def test_the_report_is_json_and_holds_no_text_of_a_message():
    reviews = examples(12, "buy it secretly", review=1)
    report = compare(
        BLIND, shop(), stream=examples(3, "buy it secretly", HOT, review=50),
        reviews=reviews, reviewers={e.review: "anna" for e in reviews},
    )  # fmt: skip
    text = json.dumps(report, allow_nan=False)
    assert "secretly" not in text
    assert "number" not in text
