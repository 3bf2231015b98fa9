# wires: GP16-GP11 GP17-GP9 GP18-GP10 GP19-GP8
# SPI0 is the controller, SPI1 a target made of registers.
from machine import SPI, Pin, mem32
B = 0x40040000
SPI(1, 1000000, sck=Pin(14), mosi=Pin(15), miso=Pin(12))  # out of reset; its pins come when it is a target
for polarity, phase in ((0, 0), (0, 1), (1, 0), (1, 1)):
    s = SPI(0, 1000000, polarity=polarity, phase=phase, sck=Pin(18), mosi=Pin(19), miso=Pin(16))
    mem32[B + 4] = 4
    mem32[B] = phase << 7 | polarity << 6 | 7
    mem32[B + 4] = 4 | 2            # SSPCR1: target, enabled
    for n in (8, 9, 10, 11, 17):
        mem32[0x40014004 + 8 * n] = 1
    for v in b'TARGET!?':
        mem32[B + 8] = v
    back = bytearray(8)
    s.write_readinto(b'CONTROLS', back)
    got = bytes(mem32[B + 8] & 255 for i in range(8))
    print(polarity, phase, bytes(back), got, mem32[B + 12] & 0x1F)
