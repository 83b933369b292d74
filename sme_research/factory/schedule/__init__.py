"""Reports on time: what is due, one run of it at a time, a table of all runs, alerts, health and retention.

``calendars`` and ``due`` decide and read no clock; ``store`` remembers;
``lease`` lets one process work; ``work`` runs a job in a process of its own;
``passes`` puts them together for one pass, ``resident`` for a process that stays.
"""
