# wires: GPIO13-GPIO12 GPIO15-GPIO4
from machine import Pin, SPI
s = SPI(1, baudrate=2000000, polarity=0, phase=0)
r = bytearray(100)
s.write_readinto(bytes(range(100)), r)
print(r == bytes(range(100)))
s.init(polarity=1, phase=1)
r = bytearray(5)
s.write_readinto(b'hello', r)
print(r)
s.init(baudrate=80000000, polarity=0, phase=0)
s.write(b'abc')
print(s.read(3, 0x55))
