"""`python serve_history.py URL PORT`: the API over a history, as the cluster's server serves it."""

import sys

import uvicorn

from jvscheduler.history.store.database import open_store
from jvscheduler_server.access.access import OpenGate
from jvscheduler_server.api.app import create_app
from jvscheduler_server.api.edge.connections import server_config
from jvscheduler_server.cluster.local import LocalCluster

if __name__ == "__main__":
    url, port = sys.argv[1:]
    app = create_app(open_store(url), LocalCluster([]), OpenGate())
    uvicorn.Server(server_config(app, port=int(port), log_level="warning")).run()
