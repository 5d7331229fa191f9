"""`python -m tests.delivery.outbox_service`: services that wait less before they try again.

A try that failed is tried again within a second, where the service as it is installed takes hours;
else everything is as in `tests.processes.service`.
"""

from __future__ import annotations

from typing import Any, Final

from app.delivery import sending
from tests.processes import service

WAITS: Final = (0.1, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3)

if __name__ == "__main__":
    quicker: Any = sending
    quicker.WAITS, quicker.EVERY_SECONDS = WAITS, 0.05
    service.main()
