# wires: GP2-GP3
# Each core has its own enables: an edge and a level that only core 1 asks for pend there and not on core 0.
import _thread, time
from machine import Pin, mem32
out = Pin(2, Pin.OUT, value=0)
Pin(3, Pin.IN)
INTR0, PROC0_INTS0, PROC1_INTE0, PROC1_INTS0 = 0x400140F0, 0x40014120, 0x40014130, 0x40014150
ISPR, ICPR = 0xE000E200, 0xE000E280
seen = []
def other():
    for bits, level in ((8, 1), (4, 0), (2, 1), (1, 0)):   # rise, fall, high, low of GPIO3
        out(1 - level)
        mem32[INTR0] = 0xC << 12
        mem32[ICPR] = 1 << 13
        mem32[PROC1_INTE0] = bits << 12
        before = mem32[ISPR] >> 13 & 1
        out(level)
        seen.append((before, mem32[ISPR] >> 13 & 1, mem32[PROC1_INTS0] >> 12 & 15 == bits, mem32[PROC0_INTS0] >> 12 & 15))
        mem32[PROC1_INTE0] = 0
    seen.append('end')
_thread.start_new_thread(other, ())
while 'end' not in seen:
    time.sleep_ms(1)
print(seen)
