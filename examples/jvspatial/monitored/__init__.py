"""The examples of jvspatial's scheduler documentation, as tasks of jvscheduler.

Statements are as written there. Mended is what could not run in any version:
lost indentation, imports, functions that are named but not defined (in
`work.py`), f-strings without the `f`, names used before they are bound, and
fields that an example stores but its class does not declare. The long sync has
its queries and its circuit breaker in functions of their own.
"""
