import os, time
from machine import Pin, SPI


class SDCard:
    def __init__(self, spi, cs):
        self.spi, self.cs = spi, cs
        cs.init(Pin.OUT, value=1)
        spi.init(baudrate=200000)
        spi.write(b"\xff" * 16)
        if self.command(0, 0, 0x95) != 1:
            raise OSError("no card")
        if self.command(8, 0x1AA, 0x87, 4) != 1:
            raise OSError("an old card")
        for _ in range(200):
            self.command(55)
            if self.command(41, 0x40000000) == 0:
                break
            time.sleep_ms(5)
        self.command(58, 0, 0xFF, 4)
        self.unit = 1 if self.extra[0] & 0x40 else 512
        self.command(16, 512)
        self.command(9, 0, 0xFF, 0, False)
        csd = bytearray(16)
        self.data(csd)
        if csd[0] >> 6:
            self.sectors = ((csd[7] & 63) << 16 | csd[8] << 8 | csd[9]) * 1024 + 1024
        else:
            size, mult = (csd[6] & 3) << 10 | csd[7] << 2 | csd[8] >> 6, (csd[9] & 3) << 1 | csd[10] >> 7
            self.sectors = (size + 1 << mult + 2 + (csd[5] & 15)) // 512
        spi.init(baudrate=8000000)

    def command(self, n, argument=0, crc=0xFF, extra=0, release=True, skip=0):
        self.cs(0)
        self.spi.write(bytes([0x40 | n]) + argument.to_bytes(4, "big") + bytes([crc]))
        self.spi.read(skip, 0xFF)
        for _ in range(100):
            r = self.spi.read(1, 0xFF)[0]
            if not r & 0x80:
                self.extra = self.spi.read(extra, 0xFF)
                break
        if release:
            self.end()
        return r

    def end(self):
        self.cs(1)
        self.spi.write(b"\xff")

    def data(self, buf):
        self.cs(0)
        while True:
            token = self.spi.read(1, 0xFF)[0]
            if token == 0xFE:
                break
            if token != 0xFF:
                raise OSError(5)
        self.spi.readinto(buf, 0xFF)
        self.spi.read(2, 0xFF)
        self.end()

    def send(self, token, buf):
        self.cs(0)
        self.spi.write(bytes([token]))
        self.spi.write(buf)
        self.spi.write(b"\xff\xff")
        if self.spi.read(1, 0xFF)[0] & 0x1F != 5:
            raise OSError(5)
        self.wait()

    def wait(self):
        while self.spi.read(1, 0xFF)[0] == 0:
            pass
        self.end()

    def readblocks(self, n, buf):
        count, view = len(buf) // 512, memoryview(buf)
        if self.command(17 if count == 1 else 18, n * self.unit, 0xFF, 0, False):
            raise OSError(5)
        for i in range(count):
            self.data(view[i * 512 : i * 512 + 512])
        if count > 1:
            self.command(12, 0, 0xFF, 0, True, 1)

    def writeblocks(self, n, buf):
        count, view = len(buf) // 512, memoryview(buf)
        if self.command(24 if count == 1 else 25, n * self.unit, 0xFF, 0, False):
            raise OSError(5)
        for i in range(count):
            self.send(0xFE if count == 1 else 0xFC, view[i * 512 : i * 512 + 512])
        if count > 1:
            self.cs(0)
            self.spi.write(b"\xfd\xff")
            self.wait()

    def ioctl(self, op, arg):
        if op == 4:
            return self.sectors
        if op == 5:
            return 512


spi = SPI(1, 200000, sck=Pin(10), mosi=Pin(11), miso=Pin(12))
for name, cs in ("a", 13), ("b", 14):
    card = SDCard(spi, Pin(cs))
    print(name, card.unit, card.sectors)
    os.mount(os.VfsFat(card), "/" + name)
    print(sorted(os.listdir("/" + name)), len(open("/" + name + "/data/big.bin", "rb").read()))
    print(open("/" + name + "/hello.txt").read())
    with open("/" + name + "/made.txt", "w") as f:
        for i in range(400):
            f.write("line %d\n" % i)
    os.remove("/" + name + "/hello.txt")
    os.umount("/" + name)
