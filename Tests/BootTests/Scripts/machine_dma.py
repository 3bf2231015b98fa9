# Memory copies by DMA with the sniffer's CRC-32, a chained channel, a ring, byte swap and a pacing timer, by registers.
from machine import mem32
import uctypes, binascii, time
DMA = 0x50000000
def start(ch, read, write, count, ctrl):
    b = DMA + ch * 0x40
    mem32[b] = read
    mem32[b + 4] = write
    mem32[b + 8] = count
    mem32[b + 12] = ctrl
def wait(ch):
    while mem32[DMA + ch * 0x40 + 12] >> 24 & 1:
        pass
def ctrl(ch, size=2, incr_read=1, incr_write=1, treq=0x3F, chain=None, ring=0, ring_write=0, swap=0, sniff=0):
    return 1 | size << 2 | incr_read << 4 | incr_write << 5 | ring << 6 | ring_write << 10 | (ch if chain is None else chain) << 11 | treq << 15 | swap << 22 | sniff << 23
src = bytes((i * 37 + 5) & 255 for i in range(256))
dst = bytearray(256)
# CRC-32 as zlib makes it: reflected, with all ones at first and inverted at the end.
mem32[DMA + 0x438] = 0xFFFFFFFF
mem32[DMA + 0x434] = 1 | 11 << 1 | 1 << 5 | 1 << 10 | 1 << 11
start(11, uctypes.addressof(src), uctypes.addressof(dst), 256, ctrl(11, size=0, sniff=1))
wait(11)
print(dst == src, mem32[DMA + 0x438] & 0xFFFFFFFF == binascii.crc32(src))
words = bytearray(16)
start(10, uctypes.addressof(src), uctypes.addressof(words), 4, ctrl(10, swap=1))
wait(10)
print(words == bytes(src[i ^ 3] for i in range(16)))
# The second channel begins when the first has ended.
a, b = bytearray(8), bytearray(8)
base = DMA + 9 * 0x40
mem32[base] = uctypes.addressof(a)
mem32[base + 4] = uctypes.addressof(b)
mem32[base + 8] = 2
mem32[base + 0x10] = ctrl(9)
start(8, uctypes.addressof(src), uctypes.addressof(a), 2, ctrl(8, chain=9))
wait(8)
wait(9)
print(a == src[:8], b == src[:8])
# A ring of 8 bytes on the read side.
r = bytearray(32)
at = (uctypes.addressof(words) + 7) & ~7
start(7, at, uctypes.addressof(r), 32, ctrl(7, size=0, ring=3))
wait(7)
print(r == bytes(r[:8]) * 4)
# One transfer in 1250 cycles: 10 us each.
mem32[DMA + 0x420] = 1 << 16 | 1250
t = time.ticks_us()
start(6, uctypes.addressof(src), uctypes.addressof(dst), 200, ctrl(6, size=0, treq=0x3B))
wait(6)
t = time.ticks_diff(time.ticks_us(), t)
print(1950 < t < 2700)
start(5, uctypes.addressof(src), uctypes.addressof(dst), 100000, ctrl(5, size=0, treq=0x3B))
mem32[DMA + 0x444] = 1 << 5
while mem32[DMA + 0x444]:
    pass
print(mem32[DMA + 5 * 0x40 + 12] >> 24 & 1)
