from machine import RTC
import time
r = RTC()
r.datetime((2024, 2, 28, 0, 23, 59, 59, 0))
time.sleep_ms(1100)
print(r.datetime()[:7], time.localtime()[:6])
r.memory(b"kept")
print(r.memory())
