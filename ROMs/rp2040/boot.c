// Core 0's way from reset to the second stage in flash, and the flash functions (RP2040 datasheet §2.8.1, §2.8.3, §4.10).

#include "registers.h"

void unreset_and_wait(uint32_t mask);
void usb_boot(uint32_t activity, uint32_t disabled) __attribute__((noreturn));

enum { SS_NORMAL = 0, SS_LOW = 2, SS_HIGH = 3 };
enum { PAGE_PROGRAM = 0x02, READ = 0x03, READ_STATUS = 0x05, WRITE_ENABLE = 0x06, SECTOR_ERASE = 0x20 };

#define SECOND_STAGE ((uint8_t *)0x20041f00)
#define SECOND_STAGE_SIZE 256

static void select(uint32_t level) {
  IO_QSPI_SS_CTRL = level << 8;  // OUTOVER; function 0 is the flash interface
  (void)IO_QSPI_SS_CTRL;         // the write has arrived when this read has
}

// Moves bytes both ways, never more in flight than the receive FIFO holds; the first `skipped` received are dropped.
static __attribute__((noinline)) void transfer(const uint8_t *out, uint8_t *in, uint32_t count, uint32_t skipped) {
  uint32_t sending = count, receiving = count + skipped;
  while (sending | receiving) {
    if (sending && SSI_TXFLR + SSI_RXFLR < 14) {
      SSI_DR0 = out ? *out++ : 0;
      sending--;
    }
    if (SSI_RXFLR) {
      uint8_t byte = SSI_DR0;
      receiving--;
      if (skipped) skipped--;
      else if (in) *in++ = byte;
    }
  }
  select(SS_HIGH);
}

static void command(uint8_t code, uint8_t *in, uint32_t count) {
  select(SS_LOW);
  SSI_DR0 = code;
  transfer(0, in, count, 1);
}

static void command_at(uint8_t code, uint32_t offset) {
  select(SS_LOW);
  SSI_DR0 = code;
  SSI_DR0 = offset >> 16 & 0xff;
  SSI_DR0 = offset >> 8 & 0xff;
  SSI_DR0 = offset & 0xff;
}

static void wait_while_busy(void) {
  uint8_t status;
  do command(READ_STATUS, &status, 1);
  while (status & 1);
}

void connect_internal_flash(void) {
  RESETS_SET = RESET_IO_QSPI | RESET_PADS_QSPI;
  unreset_and_wait(RESET_IO_QSPI | RESET_PADS_QSPI);
  for (int pin = 0; pin < 6; pin++) IO_QSPI[2 * pin + 1] = 0;
}

// Serial mode, and the sequences that bring any flash out of continuous read: with the data lines pulled low and
// deselected, then pulled high and selected, then ones on the serial line.
void flash_exit_xip(void) {
  SSI_SSIENR = 0;
  (void)SSI_SR;
  (void)SSI_ICR;
  SSI_BAUDR = 6;
  SSI_CTRLR0 = 7 << 16;
  SSI_SER = 1;
  SSI_SSIENR = 1;

  uint32_t pad = PADS_QSPI_SD[0];
  uint32_t released = (pad & ~0x0cu) | 0x80;  // output off, no pull
  select(SS_HIGH);
  for (uint32_t pull = 0x04; pull <= 0x08; pull <<= 1) {  // PDE, then PUE
    for (int line = 0; line < 4; line++) PADS_QSPI_SD[line] = released | pull;
    for (volatile uint32_t wait = 0; wait < 512; wait++) {}  // the pulls are weak
    uint32_t level = pull == 0x04 ? SS_HIGH : SS_LOW;
    select(level);
    transfer(0, 0, 4, 0);
  }
  PADS_QSPI_SD[0] = pad;
  PADS_QSPI_SD[1] = pad;
  // Write protect and hold stay inactive.
  PADS_QSPI_SD[2] = (pad & ~0x04u) | 0x08;
  PADS_QSPI_SD[3] = (pad & ~0x04u) | 0x08;
  static const uint8_t ones[2] = {0xff, 0xff};
  select(SS_LOW);
  transfer(ones, 0, 2, 0);
  IO_QSPI_SS_CTRL = 0;
}

static void erase(uint32_t offset, uint8_t code) {
  command(WRITE_ENABLE, 0, 0);
  command_at(code, offset);
  transfer(0, 0, 0, 4);
  wait_while_busy();
}

void flash_range_erase(uint32_t offset, uint32_t count, uint32_t block, uint8_t block_command) {
  uint32_t end = offset + count;
  while (offset < end) {
    if ((offset & (block - 1)) == 0 && end - offset >= block) {
      erase(offset, block_command);
      offset += block;
    } else {
      erase(offset, SECTOR_ERASE);
      offset += 4096;
    }
  }
}

void flash_range_program(uint32_t offset, const uint8_t *bytes, uint32_t count) {
  for (uint32_t end = offset + count; offset < end; offset += 256, bytes += 256) {
    command(WRITE_ENABLE, 0, 0);
    command_at(PAGE_PROGRAM, offset);
    transfer(bytes, 0, 256, 4);
    wait_while_busy();
  }
}

void flash_read(uint32_t offset, uint8_t *bytes, uint32_t count) {
  command_at(READ, offset);
  transfer(0, bytes, count, 4);
}

void flash_flush_cache(void) {
  XIP_FLUSH = 1;
  (void)XIP_FLUSH;  // waits for the flush
  XIP_CTRL_SET = 1;
  select(SS_NORMAL);
}

void flash_enter_cmd_xip(void) {
  SSI_SSIENR = 0;
  SSI_CTRLR0 = 31 << 16 | 3 << 8;  // 32-bit frames, EEPROM read
  SSI_SPI_CTRLR0 = READ << 24 | 2 << 8 | 6 << 2;
  SSI_SSIENR = 1;
}

// CRC-32 of the second stage: polynomial 0x04c11db7, all ones at first, nothing reflected (datasheet §2.8.1.3.1).
static uint32_t crc32(const uint8_t *bytes, uint32_t count) {
  uint32_t crc = 0xffffffff;
  while (count--) {
    crc ^= (uint32_t)*bytes++ << 24;
    for (int bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? crc << 1 ^ 0x04c11db7 : crc << 1;
  }
  return crc;
}

static void flash_boot(void) {
  connect_internal_flash();
  flash_exit_xip();
  for (uint32_t attempt = 0; attempt < 128; attempt++) {
    SSI_SSIENR = 0;
    SSI_CTRLR0 = 7 << 16 | (attempt & 3) << 6;  // each clock polarity and phase
    SSI_SSIENR = 1;
    flash_read(0, SECOND_STAGE, SECOND_STAGE_SIZE);
    if (crc32(SECOND_STAGE, SECOND_STAGE_SIZE - 4) != *(uint32_t *)(SECOND_STAGE + SECOND_STAGE_SIZE - 4)) continue;
    flash_flush_cache();
    // The second stage takes a zero return address as "start what follows me".
    __asm__ volatile("mov lr, %1\n bx %0" ::"r"((uint32_t)SECOND_STAGE + 1), "r"(0));
    __builtin_unreachable();
  }
}

static void pause(uint32_t loops) {
  __asm__ volatile("1: subs %0, #1\n bne 1b" : "+l"(loops)::"cc");
}

void boot(void) {
  RESETS_SET = RESET_IO_QSPI | RESET_PADS_QSPI | RESET_TIMER;
  unreset_and_wait(RESET_IO_QSPI | RESET_PADS_QSPI | RESET_TIMER);
  // The pull-up charges the line; then the majority of nine looks decides. The ring oscillator may run at up to 12 MHz.
  pause(400);
  uint32_t high = 0;
  for (int look = 0; look < 9; look++) {
    pause(4);
    high += SIO_GPIO_HI_IN >> 1 & 1;
  }
  if (high >= 5) flash_boot();
  usb_boot(0, 0);
}

static void restart_in_usb_boot(void) { usb_boot(WATCHDOG_SCRATCH[0], WATCHDOG_SCRATCH[1]); }

// Arms a reset, after which the program at `entry` starts, or what is in flash. Going through a reset, the state that
// firmware leaves behind does not matter.
void prepare_restart(uint32_t entry, uint32_t stack, uint32_t milliseconds) {
  WATCHDOG_CTRL_CLEAR = 1u << 30;
  if (entry) {
    WATCHDOG_SCRATCH[4] = 0xb007c0d3;
    WATCHDOG_SCRATCH[5] = entry ^ -0xb007c0d3u;
    WATCHDOG_SCRATCH[6] = stack;
    WATCHDOG_SCRATCH[7] = entry;
  } else {
    WATCHDOG_SCRATCH[4] = 0;
  }
  PSM_WDSEL = 0x1fffc;  // all but the oscillators
  WATCHDOG_CTRL_CLEAR = 7u << 24;
  WATCHDOG_LOAD = milliseconds ? milliseconds * 2000 : 2;
  WATCHDOG_CTRL_SET = 1u << 30;
}

void __attribute__((noreturn)) reset_to_usb_boot(uint32_t activity, uint32_t disabled) {
  WATCHDOG_SCRATCH[0] = activity;
  WATCHDOG_SCRATCH[1] = disabled;
  prepare_restart((uint32_t)restart_in_usb_boot, 0x20042000, 10);
  for (;;) __asm__ volatile("wfi");
}
