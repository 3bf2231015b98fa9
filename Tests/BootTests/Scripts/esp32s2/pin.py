# wires: GPIO4-GPIO5 GPIO6-GPIO7
from machine import Pin
import time
a = Pin(4, Pin.OUT)
b = Pin(5, Pin.IN)
for v in (0, 1, 0, 1):
    a.value(v)
    print(b.value(), end=" ")
print()
hits = []
b.irq(lambda p: hits.append(p.value()), Pin.IRQ_RISING | Pin.IRQ_FALLING)
for v in (0, 1, 0, 1):
    a.value(v)
    time.sleep_ms(2)
b.irq(None)
a.value(0)
print(hits)
pads = (1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 21, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42)
print([Pin(n, Pin.IN, Pin.PULL_UP).value() for n in pads])
print([Pin(n, Pin.IN, Pin.PULL_DOWN).value() for n in pads])
# An open drain lets go, and a pull decides.
c = Pin(6, Pin.OPEN_DRAIN, value=1)
d = Pin(7, Pin.IN, Pin.PULL_UP)
print(d.value(), end=" ")
c.value(0)
print(d.value())
