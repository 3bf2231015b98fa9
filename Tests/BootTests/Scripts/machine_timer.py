from machine import Timer, Pin, RTC, WDT, time_pulse_us, bitstream
import machine, time
n = 0
def tick(t):
    global n
    n += 1
t = Timer(freq=1000, mode=Timer.PERIODIC, callback=tick)
time.sleep_ms(50)
t.deinit()
print(48 <= n <= 51)
order = []
Timer(period=3, mode=Timer.ONE_SHOT, callback=lambda t: order.append('b'))
Timer(period=1, mode=Timer.ONE_SHOT, callback=lambda t: order.append('a'))
Timer(period=5, mode=Timer.ONE_SHOT, callback=lambda t: order.append('c'))
time.sleep_ms(10)
print(order)
r = RTC()
r.datetime((2024, 2, 28, 2, 23, 59, 58, 0))
time.sleep_ms(3100)
print(r.datetime()[:6], r.datetime()[6] in (0, 1, 2))
print(time.localtime()[:5], time.gmtime(0)[:6], time.mktime((2024, 2, 29, 0, 0, 0, 0, 0)))
print(len(machine.unique_id()), machine.freq(), machine.reset_cause() == machine.PWRON_RESET)
machine.freq(133000000)
a = time.ticks_us()
time.sleep_ms(20)
print(machine.freq(), 19000 < time.ticks_diff(time.ticks_us(), a) < 20600)
machine.freq(125000000)
a = time.ticks_ms()
machine.lightsleep(100)
print(time.ticks_diff(time.ticks_ms(), a) <= 103)  # USB may wake it sooner
w = WDT(timeout=2000)
for i in range(5):
    time.sleep_ms(100)
    w.feed()
print(machine.mem32[0x40058000] >> 30 & 1, hex(machine.mem32[0x40000000]), machine.mem8[0x10000000] == machine.mem32[0x10000000] & 255)
