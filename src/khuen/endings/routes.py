"""The pages of slips and endings."""

from khuen.endings import away_pages, closing_pages, slip_pages

ROUTES = [*slip_pages.ROUTES, *away_pages.ROUTES, *closing_pages.ROUTES]
