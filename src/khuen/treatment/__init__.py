"""Treatment: sessions and who came to them, the doctor among them, urine tests, home visits of the clinic.

Entered by coordinators who plan and mark, and by the clinic, who alone sees what a test said. `treatment_tally` always
holds the present result of `rules.tally`.
"""
