"""In a user's own server our routes have our headers, bounds and rules; the user's have theirs.

In a process of its own, because a server is the default of its process.
"""

import subprocess
import sys
from pathlib import Path

APPLICATION = """
from fastapi.testclient import TestClient
from jvscheduler_server import Server
from jvscheduler_server.api.edge import requests
from jvscheduler_server.api.edge.headers import HEADERS

OURS, THEIRS = "/api/scheduler/status", "/api/hello"
server = Server(title="Shop", scheduler_enabled=True, scheduler_authorize=lambda *_: True)

app = server.get_app()

@app.post(THEIRS)
def hello():
    return {"hello": "world"}

def has_headers(answer):
    # jvspatial has a policy of its own for all answers of the server.
    expected = {**HEADERS, "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'"}
    return {name: answer.headers.get(name) for name in HEADERS} == expected

with TestClient(app) as shop:
    for answer in (shop.get(OURS), shop.get(OURS + "?limit=0"), shop.post(OURS)):
        print(answer.status_code, has_headers(answer))
    print(shop.post(OURS, headers={"X-Requested-With": "jvscheduler"}).status_code)
    answer = shop.post(THEIRS)
    print(answer.status_code, "Referrer-Policy" in answer.headers)
    requests.AT_WORK = 0
    answer = shop.get(OURS)
    print(answer.status_code, answer.headers["retry-after"], has_headers(answer))
    print(shop.post(THEIRS).status_code)
"""


def test_our_routes_pass_our_entrance_and_the_users_do_not(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", APPLICATION],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    lines = [line for line in ended.stdout.splitlines() if line[:1].isdigit()]
    assert lines == ["200 True", "422 True", "403 True", "405", "200 False", "429 1 True", "200"]
