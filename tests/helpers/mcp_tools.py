"""Call the tools of a running MCP server."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
from mcp.client import Client as McpClient
from mcp.client.streamable_http import streamable_http_client

from ui.api import MCP_PATH


def awaited(call: Coroutine[Any, Any, Any]) -> Any:
    """Return a coroutine's result. It runs in another thread, since Playwright's loop may be running in this one."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, call).result()


def call_tool(url: str, tool: str, headers: dict[str, str] | None = None, **values: Any) -> tuple[bool, Any]:
    """Call a tool of the MCP server; return whether it failed, and its reply."""

    async def call() -> tuple[bool, Any]:
        web = httpx2.AsyncClient(headers=headers or {}, timeout=60)
        async with McpClient(streamable_http_client(f"{url}{MCP_PATH}/", http_client=web)) as session:
            result = await session.call_tool(tool, values)
            if result.is_error:
                return True, result.content[0].text
            reply = result.structured_content
            return False, reply["result"] if set(reply) == {"result"} else reply

    reply: tuple[bool, Any] = awaited(call())
    return reply
