"""The same pictures by aiohttp: aiohttp_peer.py ADDRESSES AT_ONCE

Prints the best CPU seconds a request of three rounds, and aiohttp's version.
"""
import asyncio
import sys
import time

import aiohttp

with open(sys.argv[1]) as file:
    addresses = file.read().split()
at_once = int(sys.argv[2])


async def fetch_all():
    connector = aiohttp.TCPConnector(limit=at_once, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def fetch(address):
            async with session.get(address) as answer:
                assert len(await answer.read()) > 0

        await asyncio.gather(*map(fetch, addresses))


best = float("inf")
for _ in range(3):
    started = time.process_time()
    asyncio.run(fetch_all())
    best = min(best, (time.process_time() - started) / len(addresses))
print(best, aiohttp.__version__)
