import esp32, machine, struct, time
# Counts its runs in word 20.
words = (
    7 << 28 | 1 << 25 | 4 << 21 | 20 << 4 | 1,  # move r1, 20
    13 << 28 | 1 << 2,                          # ld r0, r1, 0
    7 << 28 | 1 << 25 | 1 << 4,                 # add r0, r0, 1
    6 << 28 | 4 << 25 | 1 << 2,                 # st r0, r1, 0
    11 << 28,                                   # halt
)
program = struct.pack("<IHHHH", 0x00706C75, 12, 4 * len(words), 0, 64) + struct.pack("<%dI" % len(words), *words)
ulp = esp32.ULP()
ulp.set_wakeup_period(0, 20000)
ulp.load_binary(0, program)
ulp.run(0)
time.sleep_ms(510)
n = machine.mem16[0x50000050]
print(22 <= n <= 26 or n, machine.mem16[0x50000052] == 3 << 5 | 1)
time.sleep_ms(200)
print(8 <= machine.mem16[0x50000050] - n <= 12)
