"""Faults against a loop that runs, from a seed; `jvscheduler verify` is the judge.

The parts are real: an API server, PostgreSQL, and the processes of a loop's pod.
`planning` and `mix` are pure, so a seed tells what happens, and when; `acts` does
it to a `World`; `judging` asks the checker, and what the tasks themselves saw.
"""
