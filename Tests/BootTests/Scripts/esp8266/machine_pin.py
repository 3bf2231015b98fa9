# wires: GPIO4-GPIO5 GPIO14-GPIO16
from machine import Pin
import time
a, b = Pin(4, Pin.OUT), Pin(5, Pin.IN)
print([(a.value(v), b.value())[1] for v in (0, 1, 0, 1)])
a = Pin(4, Pin.IN, Pin.PULL_UP)
print(b.value())
b.init(Pin.OUT, value=0)
print(a.value())
# Open drain against a pull-up.
b.init(Pin.OPEN_DRAIN, value=1)
print(a.value())
b.value(0)
print(a.value())
b.init(Pin.IN)
a.init(Pin.OUT, value=0)
seen = []
b.irq(lambda p: seen.append(p.value()), Pin.IRQ_RISING)
for v in (1, 0, 1, 0):
    a.value(v)
    time.sleep_ms(1)
print(len(seen))
b.irq(lambda p: seen.append(p.value()), Pin.IRQ_RISING | Pin.IRQ_FALLING)
for v in (1, 0):
    a.value(v)
    time.sleep_ms(1)
print(len(seen))
b.irq(None)
# GPIO16 is the RTC's.
c, d = Pin(16, Pin.OUT), Pin(14, Pin.IN)
c.value(1)
x = d.value()
c.value(0)
print(x, d.value())
c = Pin(16, Pin.IN)
d = Pin(14, Pin.OUT, value=1)
print(c.value())
