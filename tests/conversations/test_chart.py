"""Where the marks of a conversation's timeline stand."""

import pytest

from conversations.staff.chart import LABELS, NO_TAG, PLOT, Point, draw
from tests.conversations.conftest import DEAL, HOT, NEW, WINDOW, WISH

TAGS = [NEW, WINDOW, WISH, DEAL, HOT]


def point(position, *tags, before=None, after=None, **more):
    return Point(
        position=position, title=f"{position}", tags=tags, before=before, after=after, **more
    )


def lane_of(chart):
    return {lane.label: lane.y for lane in chart.lanes}


def test_furthest_tag_has_the_top_lane_and_no_tag_the_lowest():
    labels = [lane.label for lane in draw([point(1)], TAGS).lanes]
    assert labels == [HOT, DEAL, WISH, WINDOW, NEW, NO_TAG]


def test_a_message_has_a_dot_in_the_lane_of_each_of_its_tags():
    mark = draw([point(1, NEW, DEAL, after=DEAL)], TAGS).marks[0]
    assert [lane.label for lane in mark.lanes] == [NEW, DEAL]


def test_a_message_without_tags_has_its_dot_in_the_lane_of_none():
    assert [lane.label for lane in draw([point(1)], TAGS).marks[0].lanes] == [NO_TAG]


def test_line_runs_without_gap_from_the_first_message_to_the_right_edge():
    points = [
        point(1, NEW, after=NEW),
        point(2, WISH, before=NEW, after=WISH),
        point(3, before=WISH, after=WISH),
        point(4, before=WISH, after=None),
    ]
    chart = draw(points, TAGS)
    assert (chart.line[0].x1, chart.line[0].y1) == (chart.marks[0].x, lane_of(chart)[NEW])
    for one, following in zip(chart.line, chart.line[1:], strict=False):
        assert (one.x2, one.y2) == (following.x1, following.y1)
    assert (chart.line[-1].x2, chart.line[-1].y2) == (chart.width, lane_of(chart)[NO_TAG])


def test_line_changes_lanes_at_the_message_that_switches():
    points = [point(1, NEW, after=NEW), point(2, HOT, before=NEW, after=HOT)]
    chart = draw(points, TAGS)
    risers = [one for one in chart.line if one.x1 == one.x2]
    assert [(one.x1, one.y1, one.y2) for one in risers] == [
        (chart.marks[1].x, lane_of(chart)[NEW], lane_of(chart)[HOT])
    ]


def test_a_page_that_begins_in_the_middle_shows_where_the_line_comes_from():
    chart = draw([point(51, HOT, before=NEW, after=HOT)], TAGS)
    assert (chart.line[0].x1, chart.line[0].y1) == (LABELS, lane_of(chart)[NEW])


@pytest.mark.parametrize(
    ("before", "after", "switch"),
    [
        (None, NEW, None),
        (NEW, NEW, None),
        (NEW, HOT, f"Switch from {NEW} to {HOT}"),
        (NEW, None, f"Switch from {NEW} to no tag"),
    ],
)
def test_switches_are_marked(before, after, switch):
    assert draw([point(2, before=before, after=after)], TAGS).marks[0].switch == switch


def test_fifty_messages_fit_and_every_fifth_has_its_number():
    points = [point(number, before=None, after=None) for number in range(1, 51)]
    chart = draw(points, TAGS)
    assert chart.width <= LABELS + PLOT
    assert [mark.point.position for mark in chart.marks if mark.numbered] == [*range(5, 51, 5)]


def test_a_conversation_without_messages_has_bare_lanes():
    chart = draw([], TAGS)
    assert (len(chart.lanes), chart.marks, chart.line) == (6, [], [])
