# volts: GPIO1=1.0 GPIO2=0.4 GPIO12=2.0
from machine import Pin, ADC
a = ADC(Pin(1))
a.atten(ADC.ATTN_11DB)
r = a.read()
print(3150 < r < 3180, abs(a.read_u16() - r * 8) < 16, abs(a.read_uv() - 1000000) < 3000)
b = ADC(Pin(2))
for atten in (ADC.ATTN_0DB, ADC.ATTN_2_5DB, ADC.ATTN_6DB, ADC.ATTN_11DB):
    b.atten(atten)
    print(abs(b.read_uv() - 400000) < 3000)
c = ADC(Pin(12), atten=ADC.ATTN_11DB)
print(abs(c.read_uv() - 2000000) < 3000)
d = ADC(Pin(3))
print(d.read())
