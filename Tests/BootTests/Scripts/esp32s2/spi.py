# wires: GPIO11-GPIO13
from machine import Pin, SPI, SoftSPI
import time
for polarity, phase in ((0, 0), (0, 1), (1, 0), (1, 1)):
    s = SPI(2, baudrate=1000000, polarity=polarity, phase=phase, sck=Pin(12), mosi=Pin(11), miso=Pin(13))
    b = bytearray(5)
    s.write_readinto(b"hello", b)
    print(b)
    s.deinit()
s = SPI(1, baudrate=2000000, sck=Pin(12), mosi=Pin(11), miso=Pin(13))
big = bytes(range(200))
out = bytearray(200)
t = time.ticks_us()
s.write_readinto(big, out)
print(out == big, 790 < time.ticks_diff(time.ticks_us(), t) < 2500)
s.write(bytes(1000))
print(s.read(4, 0xA5))
s.deinit()
s = SPI(2, baudrate=1000000, firstbit=SPI.LSB, sck=Pin(12), mosi=Pin(11), miso=Pin(13))
b = bytearray(3)
s.write_readinto(b"\x01\x80\x55", b)
print(b)
