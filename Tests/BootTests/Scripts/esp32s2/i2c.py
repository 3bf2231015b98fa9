from machine import Pin, I2C, SoftI2C
for n, scl, sda in ((0, 9, 8), (1, 10, 11)):
    i = I2C(n, scl=Pin(scl), sda=Pin(sda), freq=400000)
    print(i.scan())
    try:
        i.writeto(0x3c, b"abc")
    except OSError as e:
        print(e)
    try:
        i.readfrom(0x3c, 4)
    except OSError as e:
        print(e)
