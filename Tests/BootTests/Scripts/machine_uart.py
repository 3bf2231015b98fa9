# wires: GP0-GP5 GP4-GP1 GP2-GP7 GP3-GP6
from machine import Pin, UART
import time
a = UART(0, 115200, tx=Pin(0), rx=Pin(1), rxbuf=512)
b = UART(1, 115200, tx=Pin(4), rx=Pin(5), rxbuf=512)
data = bytes(range(256))
t = time.ticks_us()
a.write(data)
got = b''
while len(got) < 256:
    got += b.read() or b''
print(got == data, 22000 < time.ticks_diff(time.ticks_us(), t) < 24500)
for baud, bits, parity, stop in ((9600, 7, 0, 2), (300, 8, 1, 1), (1000000, 8, None, 1), (19200, 5, None, 1), (38400, 6, 0, 1)):
    for u in (a, b):
        u.init(baudrate=baud, bits=bits, parity=parity, stop=stop)
    b.write(b'\x15\x0a\x1f\x00')
    time.sleep_ms(4 * 12 * 1000 // baud + 10)
    print(baud, bits, parity, stop, a.read())
# A line at another rate gives another character.
a.init(baudrate=9600, bits=8, parity=None, stop=1)
b.init(baudrate=4800, bits=8, parity=None, stop=1)
b.write(b'\xfe')
time.sleep_ms(10)
print(a.read())
b.init(baudrate=9600, bits=8, parity=None, stop=1)
# Flow control: what the receiver has no room for waits.
a = UART(0, 115200, tx=Pin(0), rx=Pin(1), cts=Pin(2), rts=Pin(3), flow=UART.RTS | UART.CTS, rxbuf=64, txbuf=512)
b = UART(1, 115200, tx=Pin(4), rx=Pin(5), cts=Pin(6), rts=Pin(7), flow=UART.RTS | UART.CTS, rxbuf=64, txbuf=512)
a.write(bytes(range(200)))
time.sleep_ms(50)
got = b''
for i in range(40):
    got += b.read() or b''
    time.sleep_ms(2)
print(len(got), got == bytes(range(200)))
b.write('line one\nline two\n')
time.sleep_ms(5)
print(a.readline(), a.any(), a.read(4), a.readline(), a.read())
