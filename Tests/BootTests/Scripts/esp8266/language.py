import sys, gc
print(sys.platform, sys.byteorder, 6 * 7, 1 / 8, 2 ** 70, 'ü'.encode())
print([x * x for x in range(6)], {1: 'a'}[1], '%05.2f' % 3.14159)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(15))
try:
    1 / 0
except ZeroDivisionError as e:
    print('caught', e)
@micropython.native
def total(n):
    s = 0
    for i in range(n):
        s += i
    return s
@micropython.viper
def mul(a: int, b: int) -> int:
    return a * b
print(total(1000), mul(1234, 5678))
gc.collect()
print(gc.mem_free() > 10000)
