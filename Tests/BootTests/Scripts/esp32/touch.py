# wires: GPIO4-GPIO18
from machine import Pin, TouchPad
import time
finger = Pin(18, Pin.IN)
pads = [TouchPad(Pin(n)) for n in (4, 2, 15, 13, 12, 14, 27, 33, 32)]
time.sleep_ms(60)
print(all(p.read() > 200 for p in pads))
finger.init(Pin.OUT, value=0)
time.sleep_ms(60)
try:
    pads[0].read()
except ValueError as e:
    print(e)
print(all(p.read() > 200 for p in pads[1:]))
finger.init(Pin.IN)
time.sleep_ms(60)
print(pads[0].read() > 200)
try:
    TouchPad(Pin(5))
except ValueError as e:
    print(e)
