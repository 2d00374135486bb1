"""The pages of slips and endings."""

from khuen.endings import closing_pages, slip_pages

ROUTES = [*slip_pages.ROUTES, *closing_pages.ROUTES]
