"""What runs when nobody waits. main.py is the whole clock; each other file is one room's jobs."""
