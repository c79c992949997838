"""The examples of jvspatial's scheduler documentation, as tasks of jvscheduler.

The statements are as in the documentation. These mistakes, with which no version
could run them, were fixed: lost indentation, missing imports, functions that are
called but not defined (they are in `work.py`), f-strings without the `f`, names
that are used before they are bound, and fields that an example stores but its
class does not declare. The long sync has its queries and its circuit breaker in
functions of their own.
"""
