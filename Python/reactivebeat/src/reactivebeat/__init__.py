"""The scheduler beat-watch for Celery, and a Python interface to its schedules."""

from importlib import metadata

__version__ = metadata.version("reactivebeat")
