from machine import Timer
import time
for n in range(4):
    t = Timer(n)
    count = [0]
    def tick(t):
        count[0] += 1
    t.init(period=10, mode=Timer.PERIODIC, callback=tick)
    time.sleep_ms(105)
    t.deinit()
    print(n, count)
once = []
t = Timer(0)
t.init(period=20, mode=Timer.ONE_SHOT, callback=lambda t: once.append(1))
time.sleep_ms(15)
print(once)
time.sleep_ms(50)
print(once)
a = time.ticks_us()
time.sleep_us(500)
print(490 <= time.ticks_diff(time.ticks_us(), a) < 700)
