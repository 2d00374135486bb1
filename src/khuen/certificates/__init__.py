"""Certificates (หนังสือรับรองผู้ผ่านการบำบัด): a doctor decides, signs many at once, and anybody can check a paper.

Doctors and the hospital's director enter; coordinators see what was asked of them and hand the paper over. What the
public sees is in routes_public.py. Why: docs/decisions/0017-certificates.md.
"""
