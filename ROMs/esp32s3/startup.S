// ESP32-S3: the stacks of both cores, and what tells the chip and its revision.
#define PRO_STACK 0x3FCEB710
#define APP_STACK 0x3FCED710
#include "../espressif/windowed.S"

  .section .at.40000570, "ax"
  .word 9, 0
