# wires: GPIO11-GPIO12
from machine import Pin, PWM
import time
p = PWM(Pin(11), freq=1000, duty=256)
time.sleep_ms(3)
print(abs(p.freq() - 1000) < 5, p.duty())
edges = []
q = Pin(12, Pin.IN)
q.irq(lambda x: edges.append(time.ticks_us()), Pin.IRQ_RISING)
time.sleep_ms(50)
q.irq(None)
gaps = [time.ticks_diff(b, a) for a, b in zip(edges, edges[1:])]
print(45 < len(edges) < 55, all(900 < g < 1100 for g in gaps))
# The part of the time that the pin is high.
def share():
    high = 0
    for i in range(2000):
        high += q.value()
    return high / 2000
print(abs(share() - 0.25) < 0.05)
p.duty(768)
time.sleep_ms(5)
print(p.duty(), abs(share() - 0.75) < 0.05)
p.freq(50)
p.duty_u16(4096)
time.sleep_ms(50)
print(p.freq(), p.duty_u16())
p.deinit()
