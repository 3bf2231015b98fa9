"""Runs Thumb programs on unicorn's Cortex-M0, one per line of standard input, and prints the state after each.

Input: 16 register words, the flags nibble, the halfwords of the program, comma between the three, in hexadecimal.
Output: registers, flags, a checksum of the RAM; or "fault".
"""
import sys
import zlib
from unicorn import Uc, UC_ARCH_ARM, UC_MODE_THUMB, UC_MODE_MCLASS, UcError
from unicorn.arm_const import *

REGS = [UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3, UC_ARM_REG_R4, UC_ARM_REG_R5, UC_ARM_REG_R6, UC_ARM_REG_R7,
        UC_ARM_REG_R8, UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11, UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR, UC_ARM_REG_PC]
BASE, SIZE, CODE = 0x20000000, 0x4000, 0x20000100
uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
uc.ctl_set_cpu_model(UC_CPU_ARM_CORTEX_M0)
uc.mem_map(BASE, SIZE)
pattern = bytes((i * 37 + (i >> 8) * 11) & 0xFF for i in range(SIZE))
for line in sys.stdin:
    regs, flags, code = line.strip().split(',')
    words = [int(regs[i:i + 8], 16) for i in range(0, 128, 8)]
    program = b''.join(int(code[i:i + 4], 16).to_bytes(2, 'little') for i in range(0, len(code), 4))
    uc.ctl_remove_cache(BASE, BASE + SIZE)
    uc.mem_write(BASE, pattern)
    uc.mem_write(CODE, program)
    for r, w in zip(REGS[:15], words[:15]):
        uc.reg_write(r, w)
    uc.reg_write(UC_ARM_REG_APSR, int(flags, 16) << 28)
    try:
        uc.emu_start(CODE | 1, CODE + len(program), count=len(program))
    except UcError as e:
        print('fault')
        continue
    out = [uc.reg_read(r) for r in REGS]
    apsr = (uc.reg_read(UC_ARM_REG_APSR) >> 28) & 15
    print(''.join('%08x' % w for w in out), '%x' % apsr, '%08x' % zlib.crc32(bytes(uc.mem_read(BASE, SIZE))))
