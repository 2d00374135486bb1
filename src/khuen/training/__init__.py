"""Training and livelihood: courses with partners, occupation grants, work that was found and is still held.

Entered by coordinators. A finished course is evidence: the pathway hears of it in the same transaction.
"""
