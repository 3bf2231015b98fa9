// Vectors, reset, exceptions and interrupts of the ESP8266's boot ROM.
// The stack frame of an exception is XTOS's, which handlers in firmware read: pc, ps, sar, -, a0, a2 … a15, cause.
#define FRAME 256
#define F_PC 0
#define F_PS 4
#define F_SAR 8
#define F_A0 16
#define F_CAUSE 76

  .section .at.40000010, "ax"
DebugVector:
  waiti 2
  j DebugVector

  .section .at.40000020, "ax"
NMIVector:
  rfi 3

  .section .at.40000030, "ax"
KernelVector:
  break 1, 0
  j KernelVector

  .section .at.40000050, "ax"
UserVector:
  addmi a1, a1, -FRAME
  s32i.n a2, a1, 20
  s32i.n a3, a1, 24
  j user_exception

  .section .at.40000070, "ax"
DoubleVector:
  break 1, 4
  j DoubleVector

  .section .at.40000080, "ax"
  .global ResetVector
ResetVector:
  j reset

  .section .at.40001000, "ax"
  .word 0xFFF0C101 // by which tools know the chip

  .section .text.user_exception, "ax"
  .literal_position
  .align 4
user_exception:
  rsr a2, exccause
  movi a3, _xtos_exc_handler_table
  addx4 a3, a2, a3
  l32i.n a3, a3, 0
  s32i.n a4, a1, 28
  jx a3

  .section .text.reset, "ax"
  .literal_position
  .align 4
reset:
  movi a2, 0
  wsr a2, intenable
  wsr a2, litbase
  movi a2, 0x40000000
  wsr a2, vecbase
  movi a1, 0x3FFFFFF0
  movi a2, 0x20 // user mode
  wsr a2, ps
  rsync
  // Nothing is in the first 512 MiB: null pointers raise an exception. From each region's kind of access, the lowest first.
  movi a2, 0x2222211F
  movi a3, 0
  movi a4, 0xE0000000
1: extui a5, a2, 0, 4
  wdtlb a5, a3
  srli a2, a2, 4
  sub a3, a3, a4
  bnez a3, 1b
  dsync
  movi a5, 15
  witlb a5, a3
  isync
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
4: call0 start

// Saves what UserVector left: a1 is the frame, a2 the cause, a0 and a5 … a15 are the interrupted code's.
  .section .text.handlers, "ax"
  .literal_position
  .align 4
save_frame: // return address in a4
  s32i a2, a1, F_CAUSE
  s32i.n a5, a1, 32
  s32i.n a6, a1, 36
  s32i.n a7, a1, 40
  s32i.n a8, a1, 44
  s32i.n a9, a1, 48
  s32i.n a10, a1, 52
  s32i.n a11, a1, 56
  s32i.n a12, a1, 60
  s32i a13, a1, 64
  s32i a14, a1, 68
  s32i a15, a1, 72
  s32i.n a0, a1, F_A0
  rsr a3, epc1
  s32i.n a3, a1, F_PC
  rsr a3, ps
  s32i.n a3, a1, F_PS
  rsr a3, sar
  s32i.n a3, a1, F_SAR
  movi.n a3, 0x21 // user mode, level-1 interrupts off, exceptions on
  wsr a3, ps
  rsync
  jx a4

  .align 4
restore_frame:
  movi.n a3, 0x31
  wsr a3, ps
  rsync
  l32i.n a3, a1, F_SAR
  wsr a3, sar
  l32i.n a3, a1, F_PC
  wsr a3, epc1
  l32i.n a3, a1, F_PS
  wsr a3, ps
  rsync
  l32i.n a0, a1, F_A0
  l32i.n a2, a1, 20
  l32i.n a3, a1, 24
  l32i.n a4, a1, 28
  l32i.n a5, a1, 32
  l32i.n a6, a1, 36
  l32i.n a7, a1, 40
  l32i.n a8, a1, 44
  l32i.n a9, a1, 48
  l32i.n a10, a1, 52
  l32i.n a11, a1, 56
  l32i.n a12, a1, 60
  l32i a13, a1, 64
  l32i a14, a1, 68
  l32i a15, a1, 72
  addmi a1, a1, FRAME
  rfe

// handler(frame, cause) of the table of C handlers
  .align 4
  .global _xtos_c_wrapper_handler
_xtos_c_wrapper_handler:
  movi a4, 1f
  j save_frame
  .align 4
1: l32i a3, a1, F_CAUSE
  movi a4, _xtos_c_handler_table
  addx4 a4, a3, a4
  l32i.n a4, a4, 0
  rsil a2, 0
  mov.n a2, a1
  callx0 a4
  j restore_frame

// Interrupts of level 1: the handlers of all that are pending and enabled, lowest number first
  .align 4
  .global _xtos_l1int_handler
_xtos_l1int_handler:
  movi a4, 1f
  j save_frame
  .align 4
1: mov.n a2, a1
  call0 serve_interrupts
  j restore_frame

// An exception that nobody handles
  .align 4
  .global _xtos_unhandled_exception
_xtos_unhandled_exception:
  movi a4, 1f
  j save_frame
  .align 4
1: mov.n a2, a1
  l32i a3, a1, F_CAUSE
  call0 fatal_exception

// A trap: its name follows the call, which is three bytes long.
  .section .text.missing_function, "ax"
  .literal_position
  .align 4
  .global missing_function
missing_function:
  mov.n a2, a0
  addi a3, a0, -3
  j say_missing

  .section .text.jump, "ax"
  .align 4
  .global call_entry // of an image: it returns only if the image's code does
call_entry:
  jx a2
