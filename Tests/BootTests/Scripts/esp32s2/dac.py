# wires: GPIO17-GPIO1 GPIO18-GPIO2
from machine import Pin, DAC, ADC
for dac, adc in ((17, 1), (18, 2)):
    d = DAC(Pin(dac))
    a = ADC(Pin(adc), atten=ADC.ATTN_11DB)
    for v in (40, 80, 120, 160):
        d.write(v)
        print(v, abs(a.read_uv() - v * 3300000 // 255) < 20000)
try:
    DAC(Pin(4))
except ValueError as e:
    print(e)
