"""Makes the next items on another thread while the last ones are used, so that two cores share the work.

Arrow and NumPy let other threads run while they work on a block; Python's own loops do not, and gain nothing here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    """Stands after the last item."""


def read_ahead(items: Iterable[Item], most: int = 2) -> Iterator[Item]:
    """The items in their order, at most `most` of which wait in memory.

    An error of theirs is raised where the item would have come. Leaving early waits for the item that is being made.
    """
    source = iter(items)
    end = _End()
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[Future[Item | _End]] = deque(pool.submit(next, source, end) for _ in range(most))
        try:
            while not isinstance(item := waiting.popleft().result(), _End):
                waiting.append(pool.submit(next, source, end))
                yield item
        finally:
            pool.shutdown(cancel_futures=True)
