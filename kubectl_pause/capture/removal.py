"""Deletion of what this program made: at once, with a bound, and honest about what may still be there."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.access.rest import ApiError
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api

_DELETE_SECONDS = 5.0
_UNCERTAIN_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class Undeleted:
    """Why an object may still be there. `forbidden`: the server said that this user may not delete it, and answers otherwise."""

    why: str
    forbidden: bool = False


def delete(api: Api, path: str, *, created: bool, uid: str | None = None) -> Undeleted | None:
    """Delete the object at `path` at once. None when it is gone; never raises for a failed request.

    Where it is not known to be `created` (the request to create it got no answer), "not found" proves nothing: the server may still be
    at work on it. So it is asked again until the time is over, and then said. With a `uid`, another object of that name is spared.
    """
    options: dict[str, object] = {
        "kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0, "propagationPolicy": "Background",
    }  # fmt: skip
    if uid is not None:
        options["preconditions"] = {"uid": uid}
    body = json.dumps(options).encode()
    until = time.monotonic() + (_DELETE_SECONDS if created else _UNCERTAIN_SECONDS)
    while True:
        try:
            api.delete(path, body, timeout=_DELETE_SECONDS)
        except ApiError as error:
            if created and error.status in (404, 409):  # gone, or another one by now
                return None
            why = error.message if created else "the API server did not say whether it was created"
            if error.status in (401, 403):
                return Undeleted(why, forbidden=error.is_forbidden)
        except PauseInspectError as error:
            why = error.message
        else:
            return None
        if time.monotonic() > until:
            return Undeleted(why)
        time.sleep(0.2)
