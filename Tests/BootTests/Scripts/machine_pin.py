# wires: GP2-GP3
from machine import Pin, Signal, disable_irq, enable_irq
import time
out = Pin(2, Pin.OUT, value=0)
back = Pin(3, Pin.IN)
print(out.value(), back.value())
out.on()
print(back(), back.value())
out.toggle()
print(back())
log = []
back.irq(lambda p: log.append('edge %d' % p.value()), Pin.IRQ_RISING | Pin.IRQ_FALLING, hard=False)
for v in (1, 0, 1):
    out(v)
    time.sleep_ms(1)
print(log)
back.irq(None)
log.clear()
count = 0
def hard(p):
    global count
    count += 1
back.irq(hard, Pin.IRQ_RISING, hard=True)
for i in range(100):
    out(0)
    out(1)
print('rises', count)
state = disable_irq()
for i in range(5):
    out(0)
    out(1)
before = count
enable_irq(state)
print('kept back', before, count)  # one edge is latched
def low(p):
    p.irq(None)
    log.append('low')
back.irq(low, Pin.IRQ_LOW_LEVEL if hasattr(Pin, 'IRQ_LOW_LEVEL') else Pin.IRQ_FALLING, hard=True)
out(0)
time.sleep_ms(1)
print(log)
free = Pin(6, Pin.IN, Pin.PULL_UP)
print('up', free(), end=' ')
free.init(Pin.IN, Pin.PULL_DOWN)
print('down', free())
od = Pin(2, Pin.OPEN_DRAIN, value=1)
pull = Pin(3, Pin.IN, Pin.PULL_UP)
print('open drain', pull(), end=' ')
od(0)
print(pull())
s = Signal(Pin(2, Pin.OUT), invert=True)
s.on()
print(Pin(2).value(), s.value())
