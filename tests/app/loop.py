"""An event loop whose time jumps to the next thing that is due, so that no test waits."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any


class _Selector(selectors.BaseSelector):
    """Looks once, and says that the time asked for has passed."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # nothing is due: only the outside can go on
            return self._real.select(None)
        ready = self._real.select(0)
        if not ready and timeout > 0:
            self.skipped += timeout
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop on which `asyncio.sleep(5)` takes no time and the clock goes five seconds on."""

    def __init__(self) -> None:
        self._skips = _Selector()
        super().__init__(self._skips)
        # After months a nanosecond is less than what a float can tell: nothing would ever be due.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Seconds that pass only by waiting for something that never comes earlier."""
        return 1000.0 + self._skips.skipped


def seconds() -> float:
    """The running loop's time: the service's clock in these tests."""
    return asyncio.get_running_loop().time()
