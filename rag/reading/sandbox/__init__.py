"""Read untrusted files in worker processes, so that one bad file costs only itself.

- requests: what the program calls; one function for each kind of source, with its limits
- pool: starts worker processes, sends them requests, waits for replies, kills what exceeds its limits
- worker: the process itself; runs the readers, and turns whatever they raise into a reply
- limits: what a request may use, and how a worker limits itself
- messages: readings as JSON, checked and cleaned on the way back
"""
