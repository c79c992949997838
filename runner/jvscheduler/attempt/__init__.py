"""One attempt of a job, in a child process: started, held at its gate, limited, judged.

The pod's entrypoint (`runner`) and the loop's worker both make attempts with it, so that a task
ends the same way in both.
"""
