"""Who calls the API, and what the caller may see.

A `Gate` lets a request in and returns the caller's `Access`, or raises `Refused`. `actions` says
which right in Kubernetes allows what. `kubernetes`, `proxy`, `loopback` and `function` are the
gates; `reviews` asks the API server, and remembers its answers in `cache`. `same_origin` keeps
pages of other sites from acting as their readers.
"""
