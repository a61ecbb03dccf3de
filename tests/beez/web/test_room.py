"""The places to work in, and who gets which."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from beez.api.errors import Busy
from beez.web.room import Room


def room(places=3, waiting=0, seconds=0.1):
    return Room(places=places, waiting=waiting, seconds=seconds)


def test_the_place_that_was_left_last_is_taken_first():
    async def one_after_the_other():
        ours, found = room(), []
        for _ in range(5):
            async with ours.place() as place:
                found.append(place)
        return found

    assert len(set(asyncio.run(one_after_the_other()))) == 1


def test_each_place_is_for_one_at_a_time():
    async def at_once():
        ours = room()
        async with AsyncExitStack() as stack:
            found = {await stack.enter_async_context(ours.place()) for _ in range(3)}
            with pytest.raises(Busy):
                await stack.enter_async_context(ours.place())
        async with ours.place() as place:
            return found, place

    found, place = asyncio.run(at_once())
    assert len(found) == 3
    assert place in found


def test_a_place_is_free_again_whatever_happened_in_it():
    async def failing():
        ours = room(places=1)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                async with ours.place():
                    raise ZeroDivisionError
        async with ours.place() as place:
            return place

    assert asyncio.run(failing()) is not None
