# parts: clock=wokwi-ds1307
# wires: GPIO5-clock:SCL GPIO4-clock:SDA
from machine import Pin, SoftI2C, I2C, WDT, SoftSPI
import time
for kind in (SoftI2C, I2C):
    i = kind(scl=Pin(5), sda=Pin(4), freq=100000)
    print(i.scan())
    i.writeto_mem(0x68, 0, b'\x00\x34\x12')
    i.writeto(0x68, b'\x08kept')
    time.sleep_ms(10)
    print(i.readfrom_mem(0x68, 0, 3), i.readfrom_mem(0x68, 8, 4))
    for call in (lambda: i.writeto(0x3c, b'abc'), lambda: i.readfrom(0x3c, 4), lambda: i.readfrom_mem(0x3c, 0, 2)):
        try:
            call()
        except OSError as e:
            print(e.args[0])
s = SoftSPI(baudrate=200000, sck=Pin(14), mosi=Pin(13), miso=Pin(12))
print(s.write(b'abc'), len(s.read(4)))
w = WDT()
w.feed()
print('fed')
