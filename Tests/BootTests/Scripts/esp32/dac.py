# wires: GPIO25-GPIO34 GPIO26-GPIO35
from machine import Pin, DAC, ADC
for dac, adc in ((25, 34), (26, 35)):
    d = DAC(Pin(dac))
    a = ADC(Pin(adc), atten=ADC.ATTN_11DB)
    for v in (40, 80, 120, 160):
        d.write(v)
        print(v, abs(a.read_uv() - v * 3300000 // 255) < 40000)
try:
    DAC(Pin(4))
except ValueError as e:
    print(e)
