"""Letting people know: what was written for whom, when it went, and why it did not.

Rooms above write a message in the transaction of the fact it speaks of; workers deliver it; the coordinator reads
here what went, what waits and what failed. A text holds counts and a link, never a person.
"""
