from machine import RTC
import machine, time, esp
r = RTC()
r.datetime((2024, 2, 29, 3, 12, 34, 56, 0))
print(r.datetime()[:3], r.datetime()[4:6])
r.memory(b'kept')
print(r.memory())
print(machine.reset_cause() == machine.PWRON_RESET or machine.reset_cause(), machine.freq(), esp.flash_size() >= 1 << 20, len(machine.unique_id()))
def loop():
    t = time.ticks_us()
    for i in range(5000): pass
    return time.ticks_diff(time.ticks_us(), t)
slow = loop()
machine.freq(160000000)
print(machine.freq(), 1.9 < slow / loop() < 2.1)
machine.freq(80000000)
print(0.9 < slow / loop() < 1.1)
