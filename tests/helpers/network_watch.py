"""Block and record a process's network access, and record its imports."""

from __future__ import annotations

# Python loads this at startup, also in child processes. It records and blocks all network access.
WATCH = """
import atexit, os, sys

def watch(event, args):
    reaching = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg")
    # ... but for where Ollama is looked for
    if event in reaching and os.environ.get("WATCH_ALLOWED", "11434") not in str(args):
        with open(os.environ["WATCH_ATTEMPTS"], "a") as file:
            print(event, *map(str, args), file=file)
        raise OSError("the network is off")

def note():
    with open(os.environ["WATCH_LOADED"], "a") as file:
        print(*sys.modules, file=file)

sys.addaudithook(watch)
atexit.register(note)
"""
