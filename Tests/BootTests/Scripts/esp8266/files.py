import os
print(os.listdir())
f = open('a.txt', 'w')
for i in range(200):
    f.write('line %d\n' % i)
f.close()
print(os.stat('a.txt')[6], open('a.txt').readlines()[199])
os.mkdir('d')
os.rename('a.txt', 'd/b.txt')
print(os.listdir('d'))
os.remove('d/b.txt')
os.rmdir('d')
print('a.txt' in os.listdir())
try:
    import hashlib
except ImportError:
    import uhashlib as hashlib
try:
    import binascii
except ImportError:
    import ubinascii as binascii
print(binascii.hexlify(hashlib.sha256(b'abc' * 1000).digest()))
