# wires: GP2-GP5
# A PWM of 100 kHz, its rising edges counted by slice 2 through input B for 10 ms.
from machine import Pin, PWM, mem32
import time
p = PWM(Pin(2))
p.freq(100000)
p.duty_u16(32768)
Pin(5, Pin.IN)
slice2 = 0x40050000 + 2 * 0x14
mem32[slice2 + 0x04] = 16           # DIV 1
mem32[slice2 + 0x10] = 0xFFFF       # TOP
mem32[slice2 + 0x08] = 0            # CTR
mem32[slice2] = 2 << 4 | 1          # CSR: count rising edges of B
mem32[0x4001402C] = 4               # GPIO5_CTRL: PWM
time.sleep_ms(10)
mem32[slice2] = 2 << 4
print(995 <= mem32[slice2 + 0x08] <= 1040)
mem32[slice2 + 0x08] = 0
mem32[slice2] = 1 << 4 | 1          # count while B is high: half of the time
a = time.ticks_us()
time.sleep_us(200)
mem32[slice2] = 1 << 4
b = time.ticks_us()
n = mem32[slice2 + 0x08]
print(abs(n / 125 - time.ticks_diff(b, a) / 2) < 12)
p.deinit()
