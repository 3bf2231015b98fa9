# volts: A0=0.5
from machine import ADC
a = ADC(0)
print(abs(a.read() - 512) < 4)
