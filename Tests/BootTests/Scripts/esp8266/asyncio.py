try:
    import asyncio
except ImportError:
    import uasyncio as asyncio
async def worker(n, out):
    for i in range(3):
        out.append((n, i))
        await asyncio.sleep_ms(10 * n)
async def main():
    out = []
    await asyncio.gather(worker(1, out), worker(2, out))
    print(sorted(out))
asyncio.run(main())
