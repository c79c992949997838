"""A task that leaves a daemon thread, which waits for input that never comes."""

import os
import threading


def task() -> None:
    reader, writer = os.pipe()
    begins = threading.Event()

    def read() -> None:
        with os.fdopen(reader, encoding="utf-8") as file:
            file.read(1)
            begins.set()
            file.read()

    threading.Thread(target=read, daemon=True).start()
    os.write(writer, b"x")
    begins.wait()
