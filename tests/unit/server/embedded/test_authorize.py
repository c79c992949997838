"""`Server(scheduler_authorize=…)`: the application's own function decides who sees the jobs.

In a process of its own, because a server is the default of its process.
"""

import subprocess
import sys
from pathlib import Path

APPLICATION = """
from fastapi import HTTPException
from fastapi.testclient import TestClient
from jvscheduler_server import Server

PATHS = ("/api/scheduler/status", "/api/scheduler/jobs/recent")
asked = []

def may(connection, action):
    asked.append(str(action))
    role = connection.headers.get("x-role")
    if role is None:
        raise HTTPException(401, "log in at /login")
    return role == "admin" or (role == "viewer" and action == "see")

server = Server(title="Shop", scheduler_enabled=True{option})
with TestClient(server.get_app()) as shop:
    for role in (None, "guest", "viewer", "admin"):
        for path in PATHS:
            answer = shop.get(path, headers={{"x-role": role}} if role else {{}})
            kind = answer.headers["content-type"]
            print(role, answer.status_code, kind.removeprefix("application/"))
print(asked.count("logs"))
"""


def answers(folder: Path, option: str) -> list[str]:
    """What each role gets on both paths, and how often the function was asked about logs."""
    script = APPLICATION.format(option=option)
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    known = ("None", "guest", "viewer", "admin")
    lines = ended.stdout.splitlines()
    return [line for line in lines if line.startswith(known) or line.isdecimal()]


def test_the_function_decides(tmp_path: Path) -> None:
    assert answers(tmp_path, ", scheduler_authorize=may") == [
        *["None 401 json"] * 2,
        *["guest 403 problem+json"] * 2,
        *["viewer 200 json"] * 2,
        *["admin 200 json"] * 2,
        "0",  # a list has no logs
    ]


def test_without_a_function_everybody_reads(tmp_path: Path) -> None:
    roles = ("None", "guest", "viewer", "admin")
    assert answers(tmp_path, "") == [f"{role} 200 json" for role in roles for _ in range(2)] + ["0"]
