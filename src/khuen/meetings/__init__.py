"""The meeting: its agenda is built from data, one matter at a time by code, and its decisions become somebody's tasks.

Entered by the coordinator, who keeps the minutes, and by the chair, from the weekly meeting of a district to the
province's twice a month.
"""
