"""What this floor's platform does not carry out, and what to do instead.

Which actions are in service is said by the feed's catalogue: a floor that carries out more has nothing to change here.
"""

from __future__ import annotations

from typing import Final

from casework.catalogue import Enforcement, contains_case

TELLING: Final = frozenset({"notify", "withhold_notice", "welfare"})
_UNTIL: Final = {
    "cybertip": "File the report with NCMEC and log it (log_contact) with its id as the reference.",
    "disclose": "Answer by your present procedure and log it (log_contact).",
    "refer": "Call the agency by its published number and log it (log_contact).",
    "legal_hold": "Preserve at the platform, then add a note of it.",
}
"""What to do while this version does not do it; for what is not named here, see `not_in_service`."""


def not_in_service(name: str, rules: Enforcement) -> str | None:
    """Why an action cannot be done by this version, and what to do instead; None if it can."""
    if rules.in_service:
        return None
    contained = contains_case(rules) and name not in TELLING
    instead = _UNTIL.get(
        name,
        "Do it at the platform, then mark the case as contained (contain)."
        if contained
        else "Do it at the platform, then add a note of it.",
    )
    return f"{rules.title}: this version does not carry it out yet. {instead}"
