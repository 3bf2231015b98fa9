import os
print(os.uname().sysname, os.uname().machine)
for name in ('a', 'd/e/x.txt', 'd/e', 'd'):
    try:
        os.remove(name)
    except OSError:
        pass
os.mkdir('d')
os.mkdir('d/e')
with open('d/e/x.txt', 'w') as f:
    print(f.write('line one\nline two\n'))
print(os.stat('d/e/x.txt')[6], os.stat('d')[0] == 0x4000, os.listdir('d'), sorted(os.ilistdir('d'))[0][:2])
with open('d/e/x.txt', 'a') as f:
    f.write('three')
with open('d/e/x.txt') as f:
    print(f.readlines())
os.rename('d/e/x.txt', 'a')
with open('a', 'rb') as f:
    f.seek(5)
    print(f.read(3), f.tell(), f.seek(-3, 2), f.read())
with open('big', 'wb') as f:
    for i in range(200):
        f.write(bytes((i + j) & 255 for j in range(256)))
print(os.stat('big')[6])
with open('big', 'rb') as f:
    ok = True
    for i in range(200):
        ok = ok and f.read(256) == bytes((i + j) & 255 for j in range(256))
print(ok)
try:
    os.rmdir('d')
except OSError as e:
    print(e)
for name in ('a', 'big'):
    os.remove(name)
os.rmdir('d/e')
os.rmdir('d')
print([n for n in os.listdir() if n in ('a', 'big', 'd')], os.statvfs('/')[0:3], len(os.urandom(8)))
try:
    open('nothing')
except OSError as e:
    print(e)
print(os.getcwd())
