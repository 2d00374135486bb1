"""A wire between Khuen and PostgreSQL that can be cut at any message, before it arrives or after its answer came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from khuen.embedded import POSTGRES_SOCKET


class Wire:
    """Stands in for the server's socket. One cut at a time, and each cut happens once."""

    def __init__(self, upstream: Path) -> None:
        self.upstream = upstream
        self.cuts = 0
        self._due: Callable[[bytes], bool] | None = None
        self._reply_lost = False

    def cut(self, due: Callable[[bytes], bool], *, reply_lost: bool) -> None:
        """Cut when `due` says so of what a client sends: before it is passed on, or when only its reply is missing."""
        self._due, self._reply_lost = due, reply_lost

    def mend(self) -> None:
        self._due = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_unix_connection(str(self.upstream))
        except OSError:
            writer.transport.abort()
            return
        lost = asyncio.Event()
        answers = asyncio.create_task(_pass_on(server_reader, writer, lost))
        try:
            while sent := await reader.read(65536):
                hit = self._due is not None and self._due(sent)
                if hit:
                    self._due, self.cuts = None, self.cuts + 1
                    if not self._reply_lost:
                        break
                    lost.set()
                server_writer.write(sent)
                await server_writer.drain()
                if hit:
                    await answers
                    break
        except OSError:
            pass
        finally:
            answers.cancel()
            writer.transport.abort()
            server_writer.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: asyncio.Event) -> None:
    try:
        while answer := await reader.read(65536):
            if lost.is_set():  # the server has done what was asked, and nobody will hear of it
                return
            writer.write(answer)
        writer.close()
    except OSError:
        writer.transport.abort()


@asynccontextmanager
async def wire(upstream: Path, place: Path) -> AsyncIterator[Wire]:
    """Listens in the folder `place` under the name that clients of PostgreSQL look for."""
    made = Wire(upstream)
    server = await asyncio.start_unix_server(made._connected, str(place / POSTGRES_SOCKET))
    try:
        yield made
    finally:
        server.close()
