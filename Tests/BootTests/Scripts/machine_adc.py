from machine import ADC, Pin
t = ADC(4)
v = t.read_u16() * 3.3 / 65535
print(20 < 27 - (v - 0.706) / 0.001721 < 35)
print(0 <= ADC(Pin(26)).read_u16() <= 65535, 0 <= ADC(0).read_u16() <= 65535)
try:
    ADC(Pin(2))
except ValueError as e:
    print('ValueError')
