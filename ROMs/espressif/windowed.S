// Vectors, reset, exceptions and interrupts of a boot ROM for a chip with register windows; where there are two cores, both run this code.
// The chip's startup.S names the tops of the stacks.
  .include "windowed.inc"

// The handlers of register windows: where a frame's registers lie on the stack is fixed by the ABI (Xtensa ISA reference,
// "Windowed Procedure-Call Protocol"): a0 … a3 below the callee's stack pointer, the others below the caller's caller's.
  .section .at.40000000, "ax"
Overflow4:
  s32e 0, 5, -16
  s32e 1, 5, -12
  s32e 2, 5, -8
  s32e 3, 5, -4
  rfwo
  .section .at.40000040, "ax"
Underflow4:
  l32e 0, 5, -16
  l32e 1, 5, -12
  l32e 2, 5, -8
  l32e 3, 5, -4
  rfwu
  .section .at.40000080, "ax"
Overflow8:
  s32e 0, 9, -16
  l32e 0, 1, -12
  s32e 1, 9, -12
  s32e 2, 9, -8
  s32e 3, 9, -4
  s32e 4, 0, -32
  s32e 5, 0, -28
  s32e 6, 0, -24
  s32e 7, 0, -20
  rfwo
  .section .at.400000c0, "ax"
Underflow8:
  l32e 0, 9, -16
  l32e 1, 9, -12
  l32e 2, 9, -8
  l32e 7, 1, -12
  l32e 3, 9, -4
  l32e 4, 7, -32
  l32e 5, 7, -28
  l32e 6, 7, -24
  l32e 7, 7, -20
  rfwu
  .section .at.40000100, "ax"
Overflow12:
  s32e 0, 13, -16
  l32e 0, 1, -12
  s32e 1, 13, -12
  s32e 2, 13, -8
  s32e 3, 13, -4
  s32e 4, 0, -48
  s32e 5, 0, -44
  s32e 6, 0, -40
  s32e 7, 0, -36
  s32e 8, 0, -32
  s32e 9, 0, -28
  s32e 10, 0, -24
  s32e 11, 0, -20
  rfwo
  .section .at.40000140, "ax"
Underflow12:
  l32e 0, 13, -16
  l32e 1, 13, -12
  l32e 2, 13, -8
  l32e 11, 1, -12
  l32e 3, 13, -4
  l32e 4, 11, -48
  l32e 5, 11, -44
  l32e 6, 11, -40
  l32e 7, 11, -36
  l32e 8, 11, -32
  l32e 9, 11, -28
  l32e 10, 11, -24
  l32e 11, 11, -20
  rfwu

// Interrupts of levels 2 to 7 have no use here.
.macro stop at
  .section .at.\at, "ax"
  waiti 15
  j . - 3
.endm
  stop 40000180
  stop 400001c0
  stop 40000200
  stop 40000240
  stop 40000280
  stop 400002c0

  .section .at.40000300, "ax"
KernelVector:
  wsr a0, excsave1
  j exception
  .section .at.40000340, "ax"
UserVector:
  wsr a0, excsave1
  j exception
  .section .at.400003c0, "ax"
DoubleVector:
  break 1, 4
  j DoubleVector
  .section .at.40000400, "ax"
  .global ResetVector
ResetVector:
  j reset
.macro spill // all other windows to the stack; afterwards only this one is live
  and a12, a12, a12
  rotw 3
  and a12, a12, a12
  rotw 3
  and a12, a12, a12
  rotw 3
  and a12, a12, a12
  rotw 3
  and a12, a12, a12
  rotw 4
.endm

// Special registers by number, where this assembler's core has none
.macro rsr_n n, t
  .byte (\t) << 4, \n, 0x03
.endm
.macro wsr_n n, t
  .byte (\t) << 4, \n, 0x13
.endm
#define LBEG 0
#define LEND 1
#define LCOUNT 2
#define WINDOWBASE 72
#define WINDOWSTART 73

  .section .text.reset, "ax"
  .literal_position
  .align 4
reset:
  movi a2, 0
  wsr a2, intenable
  wsr_n LCOUNT, 2
  wsr_n WINDOWBASE, 2
  rsync
  movi a2, 1
  wsr_n WINDOWSTART, 2
  rsync
  movi a2, 0x40000000
  wsr a2, vecbase
  movi a2, 0x40020 // windows on, user mode
  wsr a2, ps
  rsync
#ifdef APP_STACK
  rsr a2, prid
  extui a2, a2, 13, 1
  beqz a2, 1f
  movi a1, APP_STACK - 0x10
  movi a4, start_app
  callx4 4
1:
#endif
  movi a1, PRO_STACK - 0x10
  // Variables: copied from ROM by words, then zeros.
  movi a2, data_start
  movi a3, data_end
  movi a4, data_source
1: bgeu a2, a3, 2f
  l32i.n a5, a4, 0
  s32i.n a5, a2, 0
  addi.n a2, a2, 4
  addi.n a4, a4, 4
  j 1b
2: movi a2, bss_start
  movi a3, bss_end
  movi a4, 0
3: bgeu a2, a3, 4f
  s32i.n a4, a2, 0
  addi.n a2, a2, 4
  j 3b
4: movi a4, start
  callx4 4

// Every exception: a frame on the stack, the other windows spilled, then serve_exception(frame, cause).
#define FRAME 0x80
  .section .text.exception, "ax"
  .literal_position
  .align 4
exception:
  rsr a0, exccause
  beqi a0, 5, caller_is_out
  addi a1, a1, -FRAME
  s32i a2, a1, 0x18
  rsr a0, excsave1
  s32i a0, a1, 0x10
  rsr a2, epc1
  s32i a2, a1, 0
  rsr a2, ps
  s32i a2, a1, 4
  rsr a2, sar
  s32i a2, a1, 8
  rsr a2, exccause
  s32i a2, a1, 0x50
  rsr_n LBEG, 2
  s32i a2, a1, 0x54
  rsr_n LEND, 2
  s32i a2, a1, 0x58
  rsr_n LCOUNT, 2
  s32i a2, a1, 0x5C
  s32i a3, a1, 0x1C
  s32i a4, a1, 0x20
  s32i a5, a1, 0x24
  s32i a6, a1, 0x28
  s32i a7, a1, 0x2C
  s32i a8, a1, 0x30
  s32i a9, a1, 0x34
  s32i a10, a1, 0x38
  s32i a11, a1, 0x3C
  s32i a12, a1, 0x40
  s32i a13, a1, 0x44
  s32i a14, a1, 0x48
  s32i a15, a1, 0x4C
  // The caller's frame is spilled below the stack pointer that it knows.
  addi a1, a1, FRAME
  movi a0, 0x4002F
  wsr a0, ps
  rsync
  spill
  addi a1, a1, -FRAME
  movi a0, 0x40023 // windows on, interrupts up to level 3 off
  wsr a0, ps
  rsync
  movi a0, 0
  mov a6, a1
  l32i a7, a1, 0x50
  movi a5, serve_exception
  callx4 5
  movi a0, 0x40033 // exceptions off
  wsr a0, ps
  rsync
  l32i a2, a1, 0x54
  wsr_n LBEG, 2
  l32i a2, a1, 0x58
  wsr_n LEND, 2
  l32i a2, a1, 0x5C
  wsr_n LCOUNT, 2
  l32i a2, a1, 8
  wsr a2, sar
  l32i a2, a1, 0
  wsr a2, epc1
  l32i a2, a1, 4
  wsr a2, ps
  rsync
  l32i a0, a1, 0x10
  l32i a2, a1, 0x18
  l32i a3, a1, 0x1C
  l32i a4, a1, 0x20
  l32i a5, a1, 0x24
  l32i a6, a1, 0x28
  l32i a7, a1, 0x2C
  l32i a8, a1, 0x30
  l32i a9, a1, 0x34
  l32i a10, a1, 0x38
  l32i a11, a1, 0x3C
  l32i a12, a1, 0x40
  l32i a13, a1, 0x44
  l32i a14, a1, 0x48
  l32i a15, a1, 0x4C
  addi a1, a1, FRAME
  rfe

// MOVSP found the caller's registers on the stack, from where its frame must not be moved away: they come back by the underflow handler
// of the caller's size, which is in the upper bits of a0, and MOVSP is done again. The handler goes back to the frame in PS.OWB.
caller_is_out:
  rsr_n WINDOWBASE, 0
  rotw 15 // by -1: this frame's a0 is a4
  rsr a2, ps
  extui a3, a2, 8, 4
  xor a3, a3, a4
  slli a3, a3, 8
  xor a2, a2, a3
  wsr a2, ps
  rsr a4, excsave1
  rsync
  bbsi a4, 31, 1f
  j Underflow4
1: rotw 15
  bbsi a8, 30, 2f
  j Underflow8
2: rotw 15
  j Underflow12

// A trap: the name of the function follows the call, which is six bytes from the function's address.
  .section .text.missing_function, "ax"
  .literal_position
  .align 4
  .global missing_function
missing_function:
  mov a10, a0
  addi a11, a0, -6
  call_window say_missing

// jmp_buf: a0 … a3 of the caller, its a4 … a11 as far as its own caller's call spilled them, what lies below its stack
// pointer, and the return address.
  .section .text.setjmp, "ax"
  .literal_position
  .align 4
  .global setjmp
setjmp:
  enter 48
  rsil a3, 15
  spill
  wsr a3, ps
  rsync
  addi a4, a1, -16
  l32i a5, a4, 0
  l32i a6, a4, 4
  s32i a5, a2, 0
  s32i a6, a2, 4
  l32i a5, a4, 8
  l32i a7, a4, 12
  s32i a5, a2, 8
  s32i a7, a2, 12
  // a6: the caller's stack pointer
  addi a6, a6, -16
  l32i a5, a6, 0
  l32i a7, a6, 4
  s32i a5, a2, 48
  s32i a7, a2, 52
  l32i a5, a6, 8
  s32i a5, a2, 56
  l32i a5, a6, 12
  s32i a5, a2, 60
  s32i a0, a2, 64
  // (size - 1) times four registers, the last 16 bytes below a7 being the save area of the frame above
  extui a4, a0, 30, 2
  addi a4, a4, -1
  slli a4, a4, 4
  addi a5, a7, -16
  sub a6, a5, a4
  addi a7, a2, 16
1: bgeu a6, a5, 2f
  l32i a3, a6, 0
  s32i a3, a7, 0
  addi a6, a6, 4
  addi a7, a7, 4
  j 1b
2: movi a2, 0
  retw_n

  .section .text.longjmp, "ax"
  .literal_position
  .align 4
  .global longjmp
longjmp:
  enter 48
  rsil a4, 15
  spill
  wsr a4, ps
  rsync
  .global longjmp_rest // where firmware that spills the windows itself comes in, 20 bytes from longjmp
longjmp_rest:
  l32i a0, a2, 64
  addi a4, a1, -16
  l32i a5, a2, 0
  s32i a5, a4, 0
  l32i a6, a2, 4
  s32i a6, a4, 4
  l32i a5, a2, 8
  s32i a5, a4, 8
  l32i a5, a2, 12
  s32i a5, a4, 12
  addi a6, a6, -16
  l32i a5, a2, 48
  s32i a5, a6, 0
  l32i a7, a2, 52
  s32i a7, a6, 4
  l32i a5, a2, 56
  s32i a5, a6, 8
  l32i a5, a2, 60
  s32i a5, a6, 12
  extui a4, a0, 30, 2
  addi a4, a4, -1
  slli a4, a4, 4
  addi a5, a7, -16
  sub a6, a5, a4
  addi a7, a2, 16
1: bgeu a6, a5, 2f
  l32i a4, a7, 0
  s32i a4, a6, 0
  addi a6, a6, 4
  addi a7, a7, 4
  j 1b
2: movi a2, 1
  movnez a2, a3, a3
  retw_n

  .section .text.set_intlevel, "ax"
  .literal_position
  .align 4
  .global _xtos_set_intlevel // the old PS
_xtos_set_intlevel:
  enter 32
  rsr a3, ps
  movi a4, ~15
  and a4, a3, a4
  extui a2, a2, 0, 4
  or a4, a4, a2
  wsr a4, ps
  rsync
  mov a2, a3
  retw_n
