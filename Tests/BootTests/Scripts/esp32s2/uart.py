# wires: GPIO17-GPIO16
from machine import UART
import time
u = UART(1, baudrate=115200, tx=17, rx=16)
u.write(b"Hello UART\n")
time.sleep_ms(20)
print(u.any(), u.read())
for baud, bits, parity, stop in ((9600, 8, None, 1), (57600, 7, 0, 1), (38400, 8, 1, 2)):
    v = UART(1, baudrate=baud, bits=bits, parity=parity, stop=stop, tx=17, rx=16)
    time.sleep_ms(2)
    v.read()
    v.write(b"0123456789abcdef")
    time.sleep_ms(40)
    print(v.read())
    v.deinit()
big = bytes(i & 0x7F for i in range(600))
u = UART(1, baudrate=230400, tx=17, rx=16, rxbuf=1024)
u.write(big)
time.sleep_ms(60)
print(u.any(), u.read() == big)
print(u.read())
