"""Read untrusted files in worker processes, so that a bad file cannot affect any other.

- requests: the public functions, one for each kind of source, with its limits
- pool: starts worker processes, sends them requests, waits for replies, kills what exceeds its limits
- worker: the worker process; runs the readers, and turns their exceptions into replies
- limits: the resources of a request, and how a worker limits itself
- messages: readings as JSON, validated and cleaned on the way back
"""
