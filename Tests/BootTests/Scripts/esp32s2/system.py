import esp, esp32, machine, hashlib, os, sys, gc, micropython, _thread, time, binascii
print(esp.flash_size(), machine.unique_id(), machine.reset_cause() == machine.PWRON_RESET, machine.wake_reason())
print(binascii.hexlify(hashlib.sha256(b"abc").digest()))
print(binascii.hexlify(hashlib.sha256(b"a" * 1000).digest()))
h = hashlib.sha1(b"abc")
h.update(b"def" * 50)
print(binascii.hexlify(h.digest()))
n = esp32.NVS("test")
n.set_i32("a", 42)
n.set_blob("b", b"blob")
n.commit()
b = bytearray(4)
print(n.get_i32("a"), n.get_blob("b", b), b)
try:
    n.get_i32("none")
except OSError as e:
    print(e.args[0])
p = esp32.Partition.find(esp32.Partition.TYPE_APP)[0]
print(p.info()[0], hex(p.info()[2]), p.info()[4])
a = os.urandom(8)
print(len(a), a != os.urandom(8))
done = []
def worker(k):
    s = 0
    for i in range(200):
        s += i
        if i % 50 == 0:
            time.sleep_ms(1)
    done.append((k, s))
for k in range(3):
    _thread.start_new_thread(worker, (k,))
time.sleep_ms(300)
print(sorted(done))
lock = _thread.allocate_lock()
with lock:
    print(lock.locked())
print(lock.locked())
@micropython.native
def native(x):
    return x * 2 + 1
@micropython.viper
def viper(x: int) -> int:
    s = 0
    for i in range(x):
        s += i
    return s
print(native(20), viper(1000))
try:
    import asyncio
except ImportError:
    import uasyncio as asyncio
async def say(word, ms):
    await asyncio.sleep_ms(ms)
    print(word)
async def main():
    await asyncio.gather(say("second", 30), say("first", 10))
asyncio.run(main())
try:
    from cryptolib import aes
except ImportError:
    from ucryptolib import aes
c = aes(b"0123456789abcdef", 1).encrypt(b"ABCDEFGHIJKLMNOP")
print(binascii.hexlify(c), aes(b"0123456789abcdef", 1).decrypt(c))
w = machine.WDT(timeout=5000)
w.feed()
w.feed()
print("fed")
