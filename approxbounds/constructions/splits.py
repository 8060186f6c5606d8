"""The best split of widths between two resolutions, one of which has less room the finer the other is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from math import inf
from typing import TypeVar

__all__ = ["best_split", "resolutions_up_to"]

T = TypeVar("T")

_DENSE, _RATIO = 64, 1.02


def resolutions_up_to(most: int) -> list[int]:
    """All integers up to 64, then every 50th part more: the same ones for all networks, so larger ones lose nothing.

    >>> resolutions_up_to(3), len(resolutions_up_to(10**9))
    ([1, 2, 3], 927)
    """
    found, k = [], 1
    while k <= most:
        found.append(k)
        k = k + 1 if k < _DENSE else int(k * _RATIO)
    return found


def best_split(
    choices: Sequence[T],
    room: Callable[[T], int],
    error: Callable[[T, int], float],
    least: Callable[[T, int], float] | None = None,
) -> tuple[T, int] | None:
    """The choice with the least error(choice, room(choice)), and its room.

    None if the first has no room, or no error is a finite number.

    ``choices`` increase: later ones have no more room (0 is none), and ``least``, by default the error, is at most the
    error and falls with the choice and the room. So between two choices the error is at least that of the later one
    with the room of the earlier one, and most are not tried.

    >>> best_split(range(1, 100), lambda k: 100 - k, lambda k, room: 1 / k + 2 / room)
    (41, 59)
    """
    rooms: dict[int, int] = {}
    bound = least or error
    best: tuple[float, int] = (inf, -1)

    def tried(index: int) -> int:
        nonlocal best
        if index not in rooms:
            rooms[index] = room(choices[index])
            if rooms[index] > 0:
                best = min(best, (error(choices[index], rooms[index]), index))
        return rooms[index]

    if not choices or tried(0) <= 0:
        return None
    end = bisect_left(range(len(choices)), True, key=lambda index: tried(index) <= 0) - 1  # the last with room
    pending = [(0, end)]
    while pending:
        low, high = pending.pop()
        if high - low > 1 and bound(choices[high], tried(low)) < best[0]:
            middle = (low + high) // 2
            tried(middle)
            pending += [(low, middle), (middle, high)]
    return (choices[best[1]], rooms[best[1]]) if best[1] >= 0 else None
