"""Screening: published questionnaires with exact scores, and the colour that a clinician decides after them.

Entered by nurses and doctors after the person agreed to treatment; everybody else learns that it was done, and the
colour word. What was answered and scored is sealed under the person's key.
"""
