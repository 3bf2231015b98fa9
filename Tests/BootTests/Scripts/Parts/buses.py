import time
from machine import I2C, SPI, Pin
from struct import unpack, unpack_from


class MPU6050:
    def __init__(self, i2c, address):
        self.i2c, self.address = i2c, address
        i2c.writeto_mem(address, 0x6B, b"\x80")
        time.sleep_ms(100)
        i2c.writeto_mem(address, 0x6B, b"\x01")
        # 4 g, 500 degrees a second.
        i2c.writeto_mem(address, 0x1B, b"\x08\x08")
        time.sleep_ms(10)

    def read(self):
        v = unpack(">7h", self.i2c.readfrom_mem(self.address, 0x3B, 14))
        return [x / 8192 for x in v[:3]] + [v[3] / 340 + 36.53] + [x / 65.5 for x in v[4:]]


class BME280:
    # Bosch's formulas in floating point.
    def __init__(self, read, write):
        self.reg, self.write = read, write
        if read(0xD0, 1) != b"\x60":
            raise OSError("no BME280")
        a, b = read(0x88, 26), read(0xE1, 7)
        self.t, self.p = unpack_from("<Hhh", a), unpack_from("<H8h", a, 6)
        h2, h3 = unpack_from("<hB", b)
        e4, e5, e6, h6 = unpack_from("<bBbb", b, 3)
        self.h = (a[25], h2, h3, e4 << 4 | e5 & 15, e6 << 4 | e5 >> 4, h6)

    def read(self):
        self.write(0xF2, 3)
        self.write(0xF4, 3 << 5 | 3 << 2 | 1)
        time.sleep_ms(2)
        while self.reg(0xF3, 1)[0] & 8:
            time.sleep_ms(1)
        d = self.reg(0xF7, 8)
        p, t, h = d[0] << 12 | d[1] << 4 | d[2] >> 4, d[3] << 12 | d[4] << 4 | d[5] >> 4, d[6] << 8 | d[7]
        c = self.t
        x = t / 131072 - c[0] / 8192
        fine = (t / 16384 - c[0] / 1024) * c[1] + x * x * c[2]
        c = self.p
        a = fine / 2 - 64000
        b = (a * a * c[5] / 32768 + a * c[4] * 2) / 4 + c[3] * 65536
        a = (1 + (c[2] * a * a / 524288 + c[1] * a) / 524288 / 32768) * c[0]
        v = (1048576 - p - b / 4096) * 6250 / a
        v += (c[8] * v * v / 2147483648 + v * c[7] / 32768 + c[6]) / 16
        c = self.h
        w = fine - 76800
        w = (h - (c[3] * 64 + c[4] / 16384 * w)) * (c[1] / 65536 * (1 + c[5] / 67108864 * w * (1 + c[2] / 67108864 * w)))
        return fine / 5120, v, w * (1 - c[0] * w / 524288)


class BMP180:
    def __init__(self, i2c):
        self.i2c = i2c
        self.c = unpack(">3h3H5h", i2c.readfrom_mem(0x77, 0xAA, 22))

    def raw(self, command, ms, n):
        self.i2c.writeto_mem(0x77, 0xF4, bytes([command]))
        time.sleep_ms(ms)
        return int.from_bytes(self.i2c.readfrom_mem(0x77, 0xF6, n), "big")

    def read(self):
        ac1, ac2, ac3, ac4, ac5, ac6, b1, b2, mb, mc, md = self.c
        ut = self.raw(0x2E, 5, 2)
        up = self.raw(0xF4, 26, 3) >> 5
        x1 = (ut - ac6) * ac5 >> 15
        b5 = x1 + (mc << 11) // (x1 + md)
        b6 = b5 - 4000
        b3 = ((ac1 * 4 + (b2 * (b6 * b6 >> 12) >> 11) + (ac2 * b6 >> 11) << 3) + 2) // 4
        x = (ac3 * b6 >> 13) + (b1 * (b6 * b6 >> 12) >> 16)
        b4 = ac4 * ((x + 2 >> 2) + 32768) >> 15
        p = (up - b3) * (50000 >> 3) * 2 // b4
        x1 = ((p >> 8) * (p >> 8) * 3038) >> 16
        return (b5 + 8 >> 4) / 10, p + (x1 + (-7357 * p >> 16) + 3791 >> 4)


class EEPROM:
    def __init__(self, i2c, address=0x50, page=64):
        self.i2c, self.address, self.page = i2c, address, page

    def write(self, at, data):
        while data:
            n = min(len(data), self.page - at % self.page)
            self.i2c.writeto_mem(self.address, at, data[:n], addrsize=16)
            # It answers again when it has written.
            while True:
                try:
                    self.i2c.writeto(self.address, b"")
                    break
                except OSError:
                    pass
            at, data = at + n, data[n:]

    def read(self, at, n):
        return self.i2c.readfrom_mem(self.address, at, n, addrsize=16)


def clock(i2c):
    d = i2c.readfrom_mem(0x68, 0, 7)
    s, m, h, w, day, month, year = [(b >> 4) * 10 + (b & 15) for b in d]
    return year, month, day, w, h * 3600 + m * 60 + s


i2c = I2C(0, sda=Pin(4), scl=Pin(5), freq=400000)
print("scan", *i2c.scan())
spi, cs = SPI(0, 1000000, sck=Pin(18), mosi=Pin(19), miso=Pin(16)), Pin(17, Pin.OUT, value=1)


def spi_read(register, n):
    cs(0)
    spi.write(bytes([register | 0x80]))
    d = spi.read(n)
    cs(1)
    return d


def spi_write(register, value):
    cs(0)
    spi.write(bytes([register & 0x7F, value]))
    cs(1)


imu = MPU6050(i2c, 0x69)
weather = BME280(lambda r, n: i2c.readfrom_mem(0x76, r, n), lambda r, v: i2c.writeto_mem(0x76, r, bytes([v])))
other = BME280(spi_read, spi_write)
baro = BMP180(i2c)
memory = EEPROM(i2c)


def show():
    print("mpu6050", *imu.read())
    print("bme280", *weather.read())
    print("spi", *other.read())
    print("bmp180", *baro.read())
    print("ds1307", *clock(i2c))


show()
text = bytes(range(1, 201))
memory.write(1000, text)
print("eeprom", int(memory.read(1000, 200) == text), *memory.read(1199, 2))
print("change")
time.sleep_ms(2500)
show()
i2c.writeto_mem(0x68, 0, b"\x58\x59\x23\x06\x31\x12\x99")
i2c.writeto_mem(0x68, 8, b"kept")
time.sleep_ms(2100)
print("set", *clock(i2c), int(i2c.readfrom_mem(0x68, 8, 4) == b"kept"))
