"""The pages of slips, of being elsewhere, of the rounds after treatment, and of endings."""

from khuen.endings import away_pages, closing_pages, drop_out_pages, round_pages, slip_pages

ROUTES = [
    *slip_pages.ROUTES,
    *away_pages.ROUTES,
    *round_pages.ROUTES,
    *closing_pages.ROUTES,
    *drop_out_pages.ROUTES,
]
