"""What can go wrong, named for what the person did. One handler (app.py) shows them, in Thai.

KhuenError
├── Invalid          422  a field needs mending; carries {field: message}
├── NotSignedIn      401
├── NotAllowed       403  the role lacks the area or the act
├── NotFound         404  a stranger's record and a missing one look the same
├── Conflict         409  somebody changed it meanwhile
│   └── KeyReused    409  the same idempotency key with other content
├── Ended            410  a link that was used or has expired
├── TooLarge         413
├── TooMany          429  carries retry_after seconds
└── Busy             503  carries retry_after seconds
"""

from __future__ import annotations

from khuen.words import N_


class KhuenError(Exception):
    """`text` is a message id of the catalogue; `params` fill its %(name)s places and never hold a person's data."""

    status = 500
    title = N_("Something went wrong on our side")
    text = N_("Nothing you saved is lost. Please try again in a moment.")

    def __init__(self, text: str | None = None, *, retry_after: int | None = None, **params: object) -> None:
        super().__init__(text or self.text)
        self.text = text or self.text
        self.params = params
        self.retry_after = retry_after


class Invalid(KhuenError):
    status = 422
    title = N_("Please check what you filled in")
    text = N_("Some fields need mending.")

    def __init__(self, fields: dict[str, str], text: str | None = None) -> None:
        super().__init__(text)
        self.fields = fields


class NotSignedIn(KhuenError):
    status = 401
    title = N_("Please sign in")
    text = N_("Your session has ended. Sign in again to go on.")


class NotAllowed(KhuenError):
    status = 403
    title = N_("Your role does not include this")
    text = N_("Ask the administrator of your area if you need it for your work.")


class NotFound(KhuenError):
    status = 404
    title = N_("Not found, or not assigned to you")
    text = N_("Check the address, or ask the coordinator of your area.")


class Conflict(KhuenError):
    status = 409
    title = N_("Somebody changed this meanwhile")
    text = N_("Look at the present state below, then decide again.")


class KeyReused(Conflict):
    title = N_("This form was already sent with other content")
    text = N_("The first version is kept. Open the page again to send a new one.")


class Ended(KhuenError):
    status = 410
    title = N_("This link has been used or has expired")
    text = N_("Ask the coordinator for a new one.")


class TooLarge(KhuenError):
    status = 413
    title = N_("This is too large")
    text = N_("Send a smaller file, or split it.")


class TooMany(KhuenError):
    status = 429
    title = N_("Too many tries")
    text = N_("Please wait a moment and try again.")


class Busy(KhuenError):
    status = 503
    title = N_("The system is busy for a moment")
    text = N_("What you saved is safe. Try again in a moment.")
