"""The history of jobs: what was due, what became of it, in jvspatial's own format.

Jobs are jvspatial Objects so that existing jvspatial code reads them as any
other entity. Nothing is imported here: jvspatial takes half a second, which
only those who use a store should pay.
"""
