from machine import Timer
import time
n = 0
def tick(t):
    global n
    n += 1
t = Timer(-1)
t.init(period=10, mode=Timer.PERIODIC, callback=tick)
time.sleep_ms(105)
t.deinit()
print(n)
once = []
t.init(period=20, mode=Timer.ONE_SHOT, callback=lambda t: once.append(1))
time.sleep_ms(50)
print(once)
a = time.ticks_us()
time.sleep_us(1000)
d = time.ticks_diff(time.ticks_us(), a)
print(1000 <= d < 1300)
a = time.ticks_ms()
time.sleep_ms(200)
d = time.ticks_diff(time.ticks_ms(), a)
print(200 <= d <= 202)
