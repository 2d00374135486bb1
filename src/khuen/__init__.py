"""คืนสู่ชุมชน (Khuen): case management for Thailand's community drug-treatment programmes."""

__version__ = "0.1.0"
