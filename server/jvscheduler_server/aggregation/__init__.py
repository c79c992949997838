"""The API behind the Kubernetes API server, with the identity of whoever asks there.

An APIService sends `/apis/monitoring.jvscheduler.dev/v1alpha1/…` here. The API server has logged
the caller in already, by a client certificate, a token or a cloud's login, and says in headers who
it is. So any kubeconfig reaches this API, also where nothing has a token to send.

`front_proxy` says whom we believe, `application` answers, `certificate`, `handshakes` and
`connections` make the listener, `registration` lets the API server verify it, and `listener` runs
it.
"""
