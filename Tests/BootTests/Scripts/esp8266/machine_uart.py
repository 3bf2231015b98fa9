# wires: GPIO2-GPIO4
from machine import UART, Pin
import time
u = UART(1, 9600)
p = Pin(4, Pin.IN)
t = []
def edge(_):
    t.append(time.ticks_us())
p.irq(edge, Pin.IRQ_FALLING)
u.write(b'U')
time.sleep_ms(5)
p.irq(None)
print(len(t), [abs(time.ticks_diff(b, a) - 208) < 60 for a, b in zip(t, t[1:])])
