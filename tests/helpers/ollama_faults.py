"""Define the named faults of a fake Ollama server, and the lines of its replies."""

from __future__ import annotations

import json
from typing import Any

from helpers.model_server import COMMON_FAULTS, Body, Fault, begins, prompt_tokens, status


def line(body: Body, text: str) -> Body:
    """Return a line of a reply other than the last."""
    return {
        "model": body.get("model"),
        "created_at": "2026-01-02T03:04:05.678901Z",
        "message": {"role": "assistant", "content": text},
        "done": False,
    }


def last(body: Body, prompt: int, answer: int, cached: int | None = None) -> Body:
    """Return the last line of a reply with its token counts; reading takes 5 ms per token, writing 50."""
    return (
        line(body, "")
        | {
            "done": True,
            "done_reason": "stop",
            "total_duration": prompt * 5_000_000 + answer * 50_000_000,
            "load_duration": 1_000_000,
            "prompt_eval_count": prompt,
            "prompt_eval_duration": (prompt - (cached or 0)) * 5_000_000,
            "eval_count": answer,
            "eval_duration": answer * 50_000_000,
        }
        | ({} if cached is None else {"prompt_eval_cached_count": cached})
    )


def long_prompt_error(tokens: int, window: int) -> str:
    """Return the error that Ollama passes on from llama.cpp's server since 0.30: JSON inside the error text."""
    message = f"request ({tokens} tokens) exceeds the available context size ({window} tokens), try increasing it"
    error = {"code": 400, "message": message, "type": "exceed_context_size_error"}
    return json.dumps({"error": error | {"n_prompt_tokens": tokens, "n_ctx": window}})


def _trickle_without_line(handler: Any, body: Body) -> None:
    begins(handler, body)
    handler.raw(b'{"message": {"role": "assistant", "content": "')
    while True:
        handler.raw(b"o")
        handler.wait(0.05)


def _blank_trickle(handler: Any, body: Body) -> None:
    begins(handler, body)
    while True:
        handler.raw(b"\n")
        handler.wait(0.05)


def _cut_last_line(handler: Any, body: Body) -> None:
    begins(handler, body)
    handler.raw(b'{"model":"qwen3:4b","message":{"role":"assistant","content":" so."}')
    handler.end()


def _no_newline(handler: Any, body: Body) -> None:
    handler.begin()
    handler.pieces(body, ["It is so."])
    handler.raw(json.dumps(last(body, 9, 3)).encode())
    handler.end()


def _equal_tokens(handler: Any, body: Body) -> None:
    begins(handler, body)
    handler.pieces(body, [" so"] * 31)
    handler.end()


def _odd_line(data: bytes) -> Fault:
    def write(handler: Any, body: Body) -> None:
        begins(handler, body)
        handler.raw(data + b"\n")
        handler.pieces(body, [" so."])
        handler.raw(handler.encoded(last(body, 9, 2)))
        handler.end()

    return write


def _error(code: int, text: str) -> Fault:
    return lambda handler, body: handler.send_error_text(code, text.replace("MODEL", str(body.get("model"))))


def _reply(text: str) -> Fault:
    def write(handler: Any, body: Body) -> None:
        handler.begin()
        handler.pieces(body, [text])
        handler.raw(handler.encoded(last(body, prompt_tokens(body), 1)))
        handler.end()

    return write


def _last_line(**change: Any) -> Fault:
    def write(handler: Any, body: Body) -> None:
        handler.begin()
        handler.write(body, prompt_tokens(body), change=change)
        handler.end()

    return write


def _cut_prompt(handler: Any, body: Body) -> None:
    handler.begin()
    handler.write(body, prompt_tokens(body) // 2)
    handler.end()


RUNNER_STOPPED = (
    "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check ollama "
    "server logs for details"
)
FAULTS: dict[str, Fault] = COMMON_FAULTS | {
    "trickle without line": _trickle_without_line,
    "blank trickle": _blank_trickle,
    "cut last line": _cut_last_line,
    "no newline at the end": _no_newline,
    "equal tokens": _equal_tokens,
    "blank line": _odd_line(b""),
    "broken JSON": _odd_line(b'{"message": {"role": "assist'),
    "404 model": _error(404, "model 'MODEL' not found"),
    "400 too long": _error(400, long_prompt_error(9000, 4096)),
    "400 too long, older": _error(400, "the input length exceeds the context length"),
    "too long line": _odd_line(json.dumps({"error": long_prompt_error(9000, 4096)}).encode()),
    "403 host": status(403, ""),
    "503 busy": _error(503, "server busy, please try again. maximum pending requests exceeded"),
    "500 memory": _error(500, "model requires more system memory (5.6 GiB) than is available (3.1 GiB)"),
    "500 stopped": _error(500, f"{RUNNER_STOPPED}: cudaMalloc failed: out of memory"),
    "500 allocation": _error(500, '{"error": {"message": "decode failed", "code": 500}}\nalloc: allocation failed'),
    "500 other": _error(500, "unable to find the template"),
    "error line": _odd_line(b'{"error": "an error was encountered while running the model"}'),
    "memory error line": _odd_line(b'{"error": "llama runner process has terminated: cudaMalloc failed"}'),
    "repeat error line": _odd_line(b'{"error": "prediction aborted, token repeat limit reached"}'),
    "empty answer": _reply(" \n"),
    "1 MB line": _odd_line(b'{"message": {"role": "assistant", "content": "' + b"o" * 1_100_000 + b'"}}'),
    "wrong types": _odd_line(b'{"message": {"role": "assistant", "content": 7}, "done": false}'),
    "wrong counts": _last_line(
        prompt_eval_count="many", eval_count=None, eval_duration=True, prompt_eval_duration=-1,
        prompt_eval_cached_count="few",
    ),
    "cut prompt": _cut_prompt,
    "full window": _last_line(prompt_eval_count=2000, eval_count=300),
    "invalid UTF-8": _odd_line(b'{"message": {"role": "assistant", "content": "caf\xe9"}, "done": false}'),
    "schema ignored": _reply("Certainly! Here is what you asked for."),
    "control characters": _reply("It\x1b[31m is\x00 so\ud800, \u2028na\x85ive."),
}  # fmt: skip
