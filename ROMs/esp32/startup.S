// ESP32: the stacks of both cores, and a word by which tools know the chip.
#define PRO_STACK 0x3FFE3F20
#define APP_STACK 0x3FFE7E30
#include "../espressif/windowed.S"

  .section .at.40001000, "ax"
  .word 0x00F01D83
