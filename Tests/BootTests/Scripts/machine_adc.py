from machine import ADC, Pin, mem32
import time, uctypes
t = ADC(4)
v = t.read_u16() * 3.3 / 65535
print(20 < 27 - (v - 0.706) / 0.001721 < 35)
print(ADC(Pin(26)).read_u16() < 100, ADC(3).read_u16() > 30000)
try:
    ADC(Pin(2))
except ValueError as e:
    print('ValueError')
# Round robin over inputs 3 and 4, every 10 us, through the FIFO and DMA.
CS, FCS, FIFO, DIV = 0x4004C000, 0x4004C008, 0x4004C00C, 0x4004C010
mem32[CS] = 0
mem32[DIV] = 479 << 8
mem32[FCS] = 1 | 1 << 3 | 1 << 24
b = bytearray(200)
base = 0x50000000 + 11 * 0x40
mem32[base] = FIFO
mem32[base + 4] = uctypes.addressof(b)
mem32[base + 8] = 100
mem32[base + 12] = 1 | 1 << 2 | 1 << 5 | 11 << 11 | 36 << 15
a = time.ticks_us()
mem32[CS] = 3 | 1 << 3 | 3 << 12 | 0x18 << 16
while mem32[base + 12] >> 24 & 1:
    pass
print(980 < time.ticks_diff(time.ticks_us(), a) < 1250)
mem32[CS] = 3
samples = [b[i] | b[i + 1] << 8 for i in range(0, 200, 2)]
print(set(samples[0::2]) == {samples[0]}, set(samples[1::2]) == {samples[1]}, samples[0] > samples[1] > 0)
mem32[FCS] = 0
