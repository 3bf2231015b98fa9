# What the frequency counter measures, the timer's pause, a block's reset, the pads.
from machine import mem32, Pin
import time
C = 0x40008000
def measure(src):
    while mem32[C + 0x98] >> 8 & 1:
        pass
    mem32[C + 0x80] = 12000
    mem32[C + 0x90] = 10
    mem32[C + 0x94] = src
    while not mem32[C + 0x98] >> 4 & 1:
        pass
    return mem32[C + 0x9C] >> 5
print([measure(s) for s in (1, 2, 5, 8, 9, 11, 12)])
mem32[0x40054030] = 1               # TIMER.PAUSE
a = mem32[0x40054028]
for i in range(1000):
    pass
print(mem32[0x40054028] == a)
mem32[0x40054030] = 0
# A reset of PWM alone brings its registers back.
mem32[0x4000F000] = 1 << 14
mem32[0x40050010] = 1234
mem32[0x4000E000] = 1 << 14
mem32[0x4000F000] = 1 << 14
print(mem32[0x4000C008] >> 14 & 1, hex(mem32[0x40050010]))
p = Pin(6, Pin.IN, Pin.PULL_UP)
print(hex(mem32[0x4001C004 + 6 * 4] & 0xC), p())
mem32[0x4001F004 + 6 * 4] = 1 << 6  # the input buffer off
print(p())
mem32[0x4001E004 + 6 * 4] = 1 << 6
print(p())
