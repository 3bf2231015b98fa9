# wires: GP0-GP5 GP4-GP1
import select, sys, time
from machine import UART, Pin
b = UART(1, 115200, tx=Pin(4), rx=Pin(5))
a = UART(0, 115200, tx=Pin(0), rx=Pin(1))
p = select.poll()
p.register(a, select.POLLIN)
p.register(sys.stdin, select.POLLIN)
print(len(p.poll(10)))
b.write('x')
r = p.poll(100)
print(len(r), r[0][0] is a, r[0][1] == select.POLLIN, a.read())
p.modify(a, select.POLLOUT)
print([e for o, e in p.poll(0)])
p.unregister(a)
t = time.ticks_ms()
print(p.poll(30), 29 <= time.ticks_diff(time.ticks_ms(), t) <= 33)
for o, e in p.ipoll(0):
    print('never')
b.write('y')
time.sleep_ms(2)
print([len(x) for x in select.select([a], [], [], 1)])
