"""Lists of the district, to read, to print and to take out as a file: one catalogue says who may, what stands in each
column, and what somebody needs to have agreed to. Whoever works here comes for the work of the day and for reports.
"""
