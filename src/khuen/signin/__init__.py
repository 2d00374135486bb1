"""Who is there: accounts, sessions, passkeys, other organisations' sign-in, bound phones, and what slows guessing down.

Everybody enters here. Nothing in this package reads a district's rows: it knows accounts and their memberships only,
through the database role khuen_auth, and puts `Here` into the request for the rooms (docs/sign-in.md).
"""
