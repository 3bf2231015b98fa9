# wires: GPIO4-GPIO5 GPIO32-GPIO33
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
pads = (12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 25, 26, 27)
print([Pin(n, Pin.IN, Pin.PULL_UP).value() for n in pads])
print([Pin(n, Pin.IN, Pin.PULL_DOWN).value() for n in pads])
# An open drain lets go, and a pull decides.
c = Pin(32, Pin.OPEN_DRAIN, value=1)
d = Pin(33, Pin.IN, Pin.PULL_UP)
print(d.value(), end=" ")
c.value(0)
print(d.value())
