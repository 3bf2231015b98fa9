# wires: GP2-GP3 GP10-GP12 GP11-GP13
from machine import Pin, SoftSPI, SoftI2C, bitstream, time_pulse_us, PWM
import time
s = SoftSPI(baudrate=500000, polarity=0, phase=0, sck=Pin(18), mosi=Pin(2), miso=Pin(3))
b = bytearray(4)
s.write_readinto(b'\x12\x34\xab\xcd', b)
print(b)
i = SoftI2C(scl=Pin(11, pull=Pin.PULL_UP), sda=Pin(10, pull=Pin.PULL_UP), freq=100000)
print(i.scan())
try:
    i.writeto(0x50, b'x')
except OSError as e:
    print(e)
p = PWM(Pin(2))
p.freq(1000)
p.duty_u16(65536 // 5)
back = Pin(3, Pin.IN)
while back():
    pass
print(abs(time_pulse_us(back, 1, 10000) - 200) < 8)
while not back():
    pass
print(abs(time_pulse_us(back, 0, 10000) - 800) < 8)
p.deinit()
print(time_pulse_us(Pin(6, Pin.IN, Pin.PULL_DOWN), 1, 1000))
