# parts: sd=wokwi-microsd-card
# wires: GPIO18-sd:SCK GPIO23-sd:DI GPIO19-sd:DO GPIO5-sd:CS
import machine, os
try:
    # The SDMMC host's slot is empty.
    machine.SDCard(slot=1).info()
except OSError as e:
    print(e)
s = machine.SDCard(slot=2, sck=18, mosi=23, miso=19, cs=5)
print(s.info())
os.VfsFat.mkfs(s)
os.mount(s, "/sd")
with open("/sd/a.txt", "w") as f:
    f.write("x" * 5000)
print(os.listdir("/sd"), os.stat("/sd/a.txt")[6], open("/sd/a.txt").read() == "x" * 5000)
os.umount("/sd")
s.deinit()
