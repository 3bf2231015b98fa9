import micropython, gc, machine, time
from micropython import const
X = const(17)
@micropython.native
def native(n):
    s = 0
    for i in range(n):
        s += i * X
    return s
@micropython.viper
def viper(p: ptr8, n: int) -> int:
    s = 0
    for i in range(n):
        s = (s << 1) ^ p[i]
    return s
@micropython.viper
def registers(a: int, b: int) -> int:
    p = ptr32(0xD0000060)
    p[0] = a
    p[1] = b
    x = 0
    for i in range(4):
        x += i
    return p[4]
@micropython.asm_thumb
def asm(r0, r1):
    lsl(r0, r0, 4)
    add(r0, r0, r1)
    mul(r0, r1)
def plain(n):
    s = 0
    for i in range(n):
        s += i * X
    return s
print(native(1000), plain(1000), viper(b'hello world', 11), registers(1000, 7), asm(3, 5))
t = time.ticks_us(); plain(5000); a = time.ticks_diff(time.ticks_us(), t)
t = time.ticks_us(); native(5000); b = time.ticks_diff(time.ticks_us(), t)
print(b < a)
log = []
micropython.schedule(log.append, 'scheduled')
time.sleep_ms(1)
print(log, micropython.opt_level())
gc.collect()
free = gc.mem_free()
x = bytearray(10000)
print(9900 < free - gc.mem_free() < 10500)
def deep(n):
    return deep(n + 1)
try:
    deep(0)
except RuntimeError as e:
    print(e)
try:
    bytearray(1000000)
except MemoryError as e:
    print(e)
micropython.heap_lock()
try:
    [1] * 100
except MemoryError as e:
    r = 'locked'
micropython.heap_unlock()
print(r)
print(3 ** 50, 2 ** -1, 10 ** 20 // 7, 7 % -3, 1e10 / 3 // 1000, round(2.5), hash('abc') == hash('abc'), int('0x1f', 16))
