import os
os.mkdir("d")
for i in range(5):
    with open("d/f%d" % i, "w") as f:
        f.write("x" * (i * 700))
print(sorted(os.listdir("d")), [os.stat("d/f%d" % i)[6] for i in range(5)])
os.rename("d/f4", "big")
os.remove("d/f0")
print(sorted(os.listdir("d")), open("big").read() == "x" * 2800)
s = os.statvfs("/")
print(s[0], s[2])
