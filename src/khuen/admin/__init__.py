"""Where the administrator of a district looks after the people who work there: who they are, their roles, their way in.

Nobody in care is seen here: of a buddy's people this room knows how many there are, and nothing else.
"""
