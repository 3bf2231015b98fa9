try:
    import vfs
except ImportError:
    import os as vfs
import os
class RAMBlocks:
    def __init__(self, size, count):
        self.size, self.data = size, bytearray(size * count)
    def readblocks(self, n, buf, off=0):
        at = n * self.size + off
        buf[:] = self.data[at:at + len(buf)]
    def writeblocks(self, n, buf, off=None):
        if off is None:
            off = 0
        at = n * self.size + off
        self.data[at:at + len(buf)] = buf
    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // self.size
        if op == 5:
            return self.size
        if op == 6:
            return 0
for kind, size, count in ((vfs.VfsFat, 512, 100), (vfs.VfsLfs2, 512, 64)):
    blocks = RAMBlocks(size, count)
    kind.mkfs(blocks)
    v = kind(blocks)
    vfs.mount(v, '/ram')
    with open('/ram/hello.txt', 'w') as f:
        f.write('hello ' * 100)
    os.mkdir('/ram/sub')
    print(kind.__name__, sorted(os.listdir('/ram')), os.stat('/ram/hello.txt')[6], open('/ram/hello.txt').read() == 'hello ' * 100)
    vfs.umount('/ram')
    vfs.mount(blocks, '/again', readonly=True)
    try:
        open('/again/new', 'w')
    except OSError as e:
        print(e)
    print(sorted(os.listdir('/again')))
    vfs.umount('/again')
import rp2
f = rp2.Flash()
print(f.ioctl(5, 0), f.ioctl(4, 0) * 4096 == 1441792)
