// ESP32-S2: the stack, and a word by which tools know the chip.
#define PRO_STACK 0x3FFFE710
#include "../espressif/windowed.S"

  .section .at.40001000, "ax"
  .word 0x000007C6
