try:
    import asyncio
except ImportError:
    import uasyncio as asyncio
import time
log = []
async def worker(name, period, n):
    for i in range(n):
        await asyncio.sleep_ms(period)
        log.append((name, i))
async def cancelled():
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        log.append('cancelled')
        raise
async def main():
    event, lock = asyncio.Event(), asyncio.Lock()
    async def waiter():
        await event.wait()
        async with lock:
            log.append('event')
    t = asyncio.create_task(cancelled())
    w = asyncio.create_task(waiter())
    await asyncio.gather(worker('a', 10, 3), worker('b', 25, 1))
    t.cancel()
    event.set()
    await w
    try:
        await asyncio.wait_for_ms(worker('late', 1000, 1), 20)
    except asyncio.TimeoutError:
        log.append('timeout')
    try:
        await asyncio.gather(worker('c', 500, 1), fails())
    except ValueError as e:
        log.append(e.args)
async def fails():
    raise ValueError('no')
t = time.ticks_ms()
asyncio.run(main())
print(log, 40 < time.ticks_diff(time.ticks_ms(), t) < 80)
