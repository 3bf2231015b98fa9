# wires: GP4-GP6 GP5-GP7
# I2C0 is the controller, I2C1 a target made of registers that the other core serves.
from machine import I2C, Pin, mem32
import _thread, time
c = I2C(0, sda=Pin(4), scl=Pin(5), freq=400000)
I2C(1, sda=Pin(6), scl=Pin(7), freq=400000)
B = 0x40048000
mem32[B + 0x6C] = 0             # IC_ENABLE
mem32[B + 0x08] = 0x42          # IC_SAR
mem32[B + 0x00] = 0x24 | 1 << 9 # IC_CON: fast, target, hold the bus when the FIFO is full
mem32[B + 0x6C] = 1
print(c.scan())
got = []
stop = False
def serve():
    n = 0x30
    while not stop:
        s = mem32[B + 0x34]
        if s & 4:
            got.append(mem32[B + 0x10] & 0xFF)
        if s & 0x20:
            mem32[B + 0x50]
            mem32[B + 0x10] = n
            n += 1
_thread.start_new_thread(serve, ())
got.clear()
c.writeto(0x42, b'hello, target, this is longer than its FIFO')
time.sleep_ms(50)
print(bytes(got))
print(c.readfrom(0x42, 10))
got.clear()
print(c.readfrom_mem(0x42, 7, 3), got)
try:
    c.writeto(0x43, b'x')
except OSError as e:
    print(e)
stop = True
time.sleep_ms(1)
