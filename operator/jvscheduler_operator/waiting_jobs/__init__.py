"""Gives up Jobs whose pods never start: past their deadline, or when too many wait.

A CronJob makes a Job for every instant, whether the pods of the earlier ones have started or not.
A wrong image would add a pod with every instant, and start all of them when it is mended.
"""
