# wires: GPIO4-GPIO5
from machine import Pin, PWM
import time
p = PWM(Pin(4), freq=500, duty=256)
i = Pin(5, Pin.IN)
print(p.freq(), p.duty())
edges = 0
def count(_):
    global edges
    edges += 1
i.irq(count, Pin.IRQ_RISING)
time.sleep_ms(100)
i.irq(None)
print(45 <= edges <= 55)
high = 0
for k in range(2000):
    high += i.value()
print(300 < high < 700, high) if not 300 < high < 700 else print(True)
p.duty(1023)
time.sleep_ms(5)
print(sum(i.value() for k in range(200)) > 190)
p.deinit()
