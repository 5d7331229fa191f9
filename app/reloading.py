"""Settings that change while the service runs: their files are looked at every two seconds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from structlog.typing import FilteringBoundLogger

from app.rivos import close_all
from app.settings import FileState, Settings, SettingsError
from app.shops import Shops

CHECK_FILES_SECONDS: Final = 2.0


async def watch(
    settings: Settings,
    shops: Shops,
    reload: Callable[[], Settings] | None,
    log: FilteringBoundLogger,
    sleep: Callable[[float], Awaitable[object]],
) -> None:
    """Read the settings again within seconds of a change; a mistake in them changes nothing.

    What was refused is tried again until it is right: what mends it may be a file not read so far.
    """
    refused = None
    while reload is not None and settings.files:
        await sleep(CHECK_FILES_SECONDS)
        changed = any(FileState.of(path) != state for path, state in settings.files.items())
        if not changed and refused is None:
            continue
        try:
            settings = reload()
        except SettingsError as error:
            if refused != str(error):
                refused = str(error)
                log.error("settings.refused", reason=refused)
            continue
        refused = None
        retired = shops.use(settings)
        log.info("settings.changed", shops=len(settings.shops))
        await close_all(retired)
