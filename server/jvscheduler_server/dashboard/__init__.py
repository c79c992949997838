"""`jvscheduler dashboard`: the API of a cluster on the user's own machine, as that user.

A browser has no kubeconfig. So a proxy on the loopback takes its requests, and sends them through
the API server with the login of the user's kubeconfig. `session` says which requests are the
user's own, `kubeconfig` logs in, `upstream` asks the API server, `refusals` says in words what its
answers mean, `proxy` puts that together, and `serve` runs it.
"""
