"""Values that several test modules build, a file a subject; fixtures are in `conftest.py`."""
