import machine, time
def loop():
    t = time.ticks_us()
    for i in range(3000):
        pass
    return time.ticks_diff(time.ticks_us(), t)
times = []
for f in (80000000, 160000000, 240000000):
    machine.freq(f)
    a = time.ticks_ms()
    time.sleep_ms(50)
    times.append(loop())
    print(machine.freq(), 49 <= time.ticks_diff(time.ticks_ms(), a) < 90)
print(abs(times[0] / times[1] - 2) < 0.1, abs(times[0] / times[2] - 3) < 0.15)
machine.freq(160000000)
