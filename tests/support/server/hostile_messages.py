"""Termination messages that a task's pod may leave. None may reach beyond that pod."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

FORGED: Final = {
    "namespace": "tenant-b",
    "task_id": "b.payments",
    "job_name": "b-payments-29924140",
    "status": "failed",
    "error_message": "forged\nERROR a line of somebody else's log",
}
HOSTILE: Final[Mapping[str, Any]] = {
    "naive start": {"start_time": "2026-03-02T12:00:01"},
    "year 9999": {"start_time": "9999-12-31T23:59:59-14:00"},
    "year 1": {"start_time": "0001-01-01T00:00:00+14:00"},
    "an end in a year": {"completion_time": "2027-03-02T12:00:01+00:00"},
    "an end before the start": {"completion_time": "2026-03-02T11:59:59+00:00"},
    "error is a number": {"status": "failed", "error_message": 5},
    "traceback is a list": {"traceback": [1]},
    "retry count is text": {"retry_count": "x"},
    "attempt is an object": {"attempt_id": {"a": 1}},
    "node is a list": {"node_name": [1]},
    "processor seconds": {"cpu_seconds": 10**400},
    "memory below nothing": {"peak_memory_bytes": -1},
    "another status": {"status": "won"},
    "reason of two lines": {"reason": "a\nERROR another"},
    "another identity": FORGED,
    "another pod": {"attempt_id": "pod-of-b"},
}
MENDED: Final[Mapping[str, Any]] = {
    "NUL": {"result": "\0"},
    "deep": {"result": json.loads("[" * 200 + "]" * 200)},
    "surrogate": {"error_message": "\ud800"},
    "another node": {"node_name": "node-of-b"},
    "another loop": {"loop": "loop-of-b"},
    "many retries": {"retry_count": 1_000_000},
}
"""What is left out of an outcome, or put right by what the pod says itself."""


def refused_messages(honest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "nested 4096 deep", "[" * 4096
    yield "nested objects", '{"a":' * 800 + "1" + "}" * 800
    yield "too long", json.dumps({**honest, "error_message": "x" * 5000})
    yield "not a number", json.dumps({**honest, "cpu_seconds": float("nan")})
    for name, change in HOSTILE.items():
        yield name, json.dumps({**honest, **change})


def mended_messages(honest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, change in MENDED.items():
        yield name, json.dumps({**honest, **change})
