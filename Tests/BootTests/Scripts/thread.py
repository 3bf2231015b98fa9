import _thread, time
lock = _thread.allocate_lock()
done = []
total = 0
def work(n, step):
    global total
    for i in range(n):
        with lock:
            total += step
    done.append(step)
_thread.start_new_thread(work, (2000, 1))
for i in range(2000):
    with lock:
        total += 1000
while not done:
    time.sleep_ms(1)
print(total, done, lock.locked())
# Two cores count at the same time: together they take hardly longer than one alone.
def count(n):
    i = 0
    while i < n:
        i += 1
    return i
t = time.ticks_us()
count(20000)
alone = time.ticks_diff(time.ticks_us(), t)
finished = []
def other():
    count(20000)
    finished.append(1)
time.sleep_ms(2)
t = time.ticks_us()
_thread.start_new_thread(other, ())
count(20000)
while not finished:
    pass
both = time.ticks_diff(time.ticks_us(), t)
print(both < alone * 1.3)
try:
    _thread.start_new_thread(lambda: time.sleep_ms(50), ())
    _thread.start_new_thread(work, (1, 1))
except OSError as e:
    print('in use', e)
time.sleep_ms(60)
_thread.start_new_thread(print, ('from the other core', _thread.get_ident() != 0))
time.sleep_ms(20)
