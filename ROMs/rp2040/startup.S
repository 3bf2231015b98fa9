// The RP2040's boot ROM: what stands at fixed places, where both cores start, and the short routines.
// The header, the codes of both tables and the start protocol of core 1 are those of the RP2040 datasheet, §2.8.
// The float library is served by the emulator: a function there is the halfword 0xB1nn (an encoding that ARMv6-M
// leaves undefined), n being the function's place in the tables, float first; then a return.

  .syntax unified
  .cpu cortex-m0plus
  .thumb

  .equ SIO, 0xd0000000
  .equ FIFO_ST, 0x50
  .equ FIFO_WR, 0x54
  .equ FIFO_RD, 0x58
  .equ PPB_SCS, 0xe000ed00
  .equ SCS_VTOR, 0x08
  .equ SCS_SCR, 0x10
  .equ CLOCKS_WAKE_EN0, 0x400080a0
  .equ SYSCFG, 0x40004000
  .equ CHIP_RESET, 0x40064008
  .equ PADS_BANK0_CLEAR, 0x4001f000
  .equ RESETS, 0x4000c000
  .equ WATCHDOG_SCRATCH4, 0x4005801c

  .macro function name
  .global \name
  .type \name, %function
  .thumb_func
  \name:
  .endm

  .section .header, "ax"
  .word 0x20041f00          // MSP of both cores: below it the stack, above it the second stage
  .word reset + 1
  .word nmi + 1
  .word hang + 1
  .byte 'M', 'u', 1         // magic, and the version of the tables
  .byte 3                   // ROM version: B2 silicon
  .hword functions
  .hword data
  .hword lookup + 1
  .hword 0

// lookup(r0: table, r1: code) -> the entry's address, 0 where there is none
function lookup
1:
  ldrh r2, [r0]
  ldrh r3, [r0, #2]
  adds r0, #4
  cmp r2, #0
  beq 2f
  cmp r2, r1
  bne 1b
  mov r0, r3
  bx lr
2:
  movs r0, #0
  bx lr

// A HardFault stops here. The real ROM sleeps too.
function hang
  wfi
  b hang

// An NMI out of reset comes from a stale mask: clear both cores' masks.
function nmi
  mov r12, lr
  bl enable_clocks
  ldr r0, =SYSCFG
  movs r1, #0
  str r1, [r0]
  str r1, [r0, #4]
  bx r12

enable_clocks:
  ldr r0, =CLOCKS_WAKE_EN0
  movs r1, #0
  mvns r1, r1
  str r1, [r0]
  str r1, [r0, #4]
  bx lr

  .align 2
functions:
  .macro entry c1, c2, name
  .byte \c1, \c2
  .hword \name + 1
  .endm
  entry 'P', '3', popcount32
  entry 'R', '3', reverse32
  entry 'L', '3', clz32
  entry 'T', '3', ctz32
  entry 'M', 'S', rom_memset
  entry 'S', '4', rom_memset4
  entry 'M', 'C', rom_memcpy
  entry 'C', '4', rom_memcpy44
  entry 'U', 'B', reset_to_usb_boot
  entry 'D', 'T', debug_trampoline
  entry 'D', 'E', debug_trampoline_end
  entry 'W', 'V', wait_for_vector
  entry 'I', 'F', connect_internal_flash
  entry 'E', 'X', flash_exit_xip
  entry 'R', 'E', flash_range_erase
  entry 'R', 'P', flash_range_program
  entry 'F', 'C', flash_flush_cache
  entry 'C', 'X', flash_enter_cmd_xip
  .hword 0

  .macro datum c1, c2, name
  .byte \c1, \c2
  .hword \name
  .endm
data:
  datum 'C', 'R', copyright
  datum 'G', 'R', revision
  datum 'F', 'S', float_start
  datum 'F', 'E', float_end
  datum 'D', 'S', double_start
  datum 'D', 'E', double_end
  datum 'S', 'F', float_table
  datum 'S', 'D', double_table
  datum 'F', 'Z', float_table_size
  .hword 0

copyright:
  .asciz "Solderless, MIT licence"
  .align 2
revision:
  .word 1

// MARK: Reset

function reset
  ldr r0, =SIO
  ldr r1, [r0]              // CPUID
  cmp r1, #0
  bne wait_for_vector
  bl nmi
  // The rescue flag: acknowledge and stop, so that a debugger can attach.
  ldr r1, =CHIP_RESET
  ldr r2, [r1]
  lsrs r3, r2, #25
  bcc 1f
  str r2, [r1]
  b hang
1:
  // The ADC's pads start with their inputs off.
  movs r0, #1
  lsls r0, #8               // PADS_BANK0
  bl unreset_and_wait
  ldr r1, =PADS_BANK0_CLEAR
  movs r2, #0x40            // IE
  str r2, [r1, #0x6c]
  str r2, [r1, #0x70]
  str r2, [r1, #0x74]
  str r2, [r1, #0x78]
  // A program left in the watchdog's scratch registers starts in place of the flash.
  ldr r7, =WATCHDOG_SCRATCH4
  ldmia r7!, {r0, r1, r2, r3}
  ldr r6, =0xb007c0d3
  cmp r0, r6
  bne 2f
  eors r1, r3
  adds r1, r0
  bne 2f
  subs r7, #16
  str r1, [r7]              // once only
  msr msp, r2
  blx r3
2:
  bl boot
  b hang

// unreset_and_wait(r0: RESETS mask)
function unreset_and_wait
  ldr r1, =RESETS + 0x3000
  str r0, [r1]
  ldr r1, =RESETS
1:
  ldr r2, [r1, #8]          // RESET_DONE
  mvns r2, r2
  tst r0, r2
  bne 1b
  bx lr

// MARK: Core 1

// Core 1 waits here for 0, 0, 1, vector table, stack pointer, entry, and echoes each. A zero begins again.
function wait_for_vector
  ldr r4, =SIO
  ldr r7, =PPB_SCS
  movs r1, #4               // SLEEPDEEP
  str r1, [r7, #SCS_SCR]
begin:
  ldr r0, [r4, #FIFO_RD]
  ldr r1, [r4, #FIFO_ST]
  lsrs r1, #1               // VLD
  bcs begin
  movs r0, #0
  bl exchange
  cmp r0, #1
  bne begin
  bl exchange
  mov r8, r0
  str r0, [r7, #SCS_VTOR]
  bl exchange
  msr msp, r0
  bl exchange
  mov r6, r0
  // The entry is echoed before it starts.
  bl send
  movs r1, #0
  str r1, [r7, #SCS_SCR]
  blx r6
  b hang

// Sends r0 and waits for a word; a zero goes back to the beginning.
exchange:
  mov r5, lr
  bl send
1:
  wfe
  ldr r0, [r4, #FIFO_ST]
  lsrs r0, #1
  bcc 1b
  ldr r0, [r4, #FIFO_RD]
  cmp r0, #0
  beq begin
  bx r5

1:
  wfe
send:
  ldr r1, [r4, #FIFO_ST]
  lsrs r1, #2               // RDY
  bcc 1b
  str r0, [r4, #FIFO_WR]
  sev
  bx lr

// MARK: Debugging

function debug_trampoline
  movs r6, #1
  orrs r7, r6
  blx r7
function debug_trampoline_end
  bkpt #0
  b debug_trampoline

  .ltorg

// MARK: Bits

function popcount32
  ldr r2, =0x55555555
  lsrs r1, r0, #1
  ands r1, r2
  subs r0, r1
  ldr r2, =0x33333333
  lsrs r1, r0, #2
  ands r0, r2
  ands r1, r2
  adds r0, r1
  lsrs r1, r0, #4
  adds r0, r1
  ldr r2, =0x0f0f0f0f
  ands r0, r2
  ldr r2, =0x01010101
  muls r0, r2
  lsrs r0, #24
  bx lr

function reverse32
  ldr r2, =0x55555555
  lsrs r1, r0, #1
  ands r1, r2
  ands r0, r2
  lsls r0, #1
  orrs r0, r1
  ldr r2, =0x33333333
  lsrs r1, r0, #2
  ands r1, r2
  ands r0, r2
  lsls r0, #2
  orrs r0, r1
  ldr r2, =0x0f0f0f0f
  lsrs r1, r0, #4
  ands r1, r2
  ands r0, r2
  lsls r0, #4
  orrs r0, r1
  rev r0, r0
  bx lr

function ctz32
  rsbs r1, r0, #0
  ands r1, r0               // the lowest bit alone
  beq 1f
  movs r0, r1
  b leading
1:
  movs r0, #32
  bx lr
leading:
  push {lr}
  bl clz32
  movs r1, #31
  subs r0, r1, r0
  pop {pc}

function clz32
  movs r1, #32
  lsrs r2, r0, #16
  beq 1f
  subs r1, #16
  movs r0, r2
1:
  lsrs r2, r0, #8
  beq 2f
  subs r1, #8
  movs r0, r2
2:
  lsrs r2, r0, #4
  beq 3f
  subs r1, #4
  movs r0, r2
3:
  adr r2, bit_lengths
  ldrb r2, [r2, r0]
  subs r0, r1, r2
  bx lr
  .align 2
bit_lengths:
  .byte 0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4

  .align 2
  .ltorg

// MARK: Memory

// memset(r0, r1: byte, r2: count) -> r0
function rom_memset
  push {r0, r4, lr}
  uxtb r1, r1
  lsls r3, r1, #8
  orrs r1, r3
  lsls r3, r1, #16
  orrs r1, r3
1:
  cmp r2, #0
  beq 3f
  lsls r3, r0, #30          // aligned?
  beq fill
  strb r1, [r0]
  adds r0, #1
  subs r2, #1
  b 1b
3:
  pop {r0, r4, pc}

// memset4(r0, r1: byte, r2: count of bytes) -> r0
function rom_memset4
  push {r0, r4, lr}
  uxtb r1, r1
  lsls r3, r1, #8
  orrs r1, r3
  lsls r3, r1, #16
  orrs r1, r3
fill:
  movs r3, r1
  subs r2, #16
  blo 2f
1:
  stmia r0!, {r1, r3}
  stmia r0!, {r1, r3}
  subs r2, #16
  bhs 1b
2:
  adds r2, #16
3:
  subs r2, #4
  blo 4f
  stmia r0!, {r1}
  b 3b
4:
  adds r2, #4
  beq 6f
5:
  strb r1, [r0]
  adds r0, #1
  subs r2, #1
  bne 5b
6:
  pop {r0, r4, pc}

// memcpy(r0, r1, r2: count) -> r0
function rom_memcpy
  movs r3, r0
  eors r3, r1
  lsls r3, #30
  bne bytes                 // never aligned together
  push {r0, r4, r5, lr}
1:
  cmp r2, #0
  beq 2f
  lsls r3, r0, #30
  beq words
  ldrb r3, [r1]
  strb r3, [r0]
  adds r0, #1
  adds r1, #1
  subs r2, #1
  b 1b
2:
  pop {r0, r4, r5, pc}
bytes:
  push {r0, r4, r5, lr}
1:
  subs r2, #1
  blo 2b
  ldrb r3, [r1]
  strb r3, [r0]
  adds r0, #1
  adds r1, #1
  b 1b

// memcpy44(r0, r1: word aligned, r2: count of bytes) -> r0
function rom_memcpy44
  push {r0, r4, r5, lr}
words:
  subs r2, #12
  blo 2f
1:
  ldmia r1!, {r3, r4, r5}
  stmia r0!, {r3, r4, r5}
  subs r2, #12
  bhs 1b
2:
  adds r2, #12
3:
  subs r2, #4
  blo 4f
  ldmia r1!, {r3}
  stmia r0!, {r3}
  b 3b
4:
  adds r2, #4
  beq 6f
5:
  ldrb r3, [r1]
  strb r3, [r0]
  adds r0, #1
  adds r1, #1
  subs r2, #1
  bne 5b
6:
  pop {r0, r4, r5, pc}

// MARK: Floating point

  .macro library first
  .set n, \first
  .rept 32
  .hword 0xb100 + n
  bx lr
  .set n, n + 1
  .endr
  .endm

  .align 2
float_start:
  library 0
float_end:
double_start:
  library 32
double_end:

  .align 2
  .hword 0
float_table_size:
  .byte 32                  // in words, two bytes before the table
  .byte 0
float_table:
  .set n, 0
  .rept 32
  .word float_start + 4 * n + 1
  .set n, n + 1
  .endr
double_table:
  .set n, 0
  .rept 32
  .word double_start + 4 * n + 1
  .set n, n + 1
  .endr
