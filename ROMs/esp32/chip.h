// ESP32: what the shared sources need to know of it.
#pragma once
#include "../espressif/rom.h"

// SPI1, the controller for commands to the flash chip.
#define FLASH_SPI 0x3FF42000
#define FLASH_SPI_W0 0x80
#define FLASH_WR_STATUS REG(FLASH_SPI + 0x30)

extern FlashChip g_rom_flashchip;
#define flashchip (&g_rom_flashchip)

static inline void flash_controller_wait(void) {
  while (REG(FLASH_SPI + 0xF8) & 7) {}
}
void flash_start_read(u32 address, u32 length);
void flash_attach(void);
void flash_unlock(void);
int flash_erase(u32 address, u32 length);

#define IMAGE_HEADER 24
#define OTHER_IMAGE 0
#define OTHER_HINT "is this an ESP32-S3 or ESP8266 image, or one that was written 0x1000 too low?"
void print_flash_mode(const u32 *header);
void radio_start(void);
static inline void print_segment(u32 address, u32 length, u32 at) { (void)at, ets_printf("load:0x%08x,len:%d\n", address, length); }
static inline void print_segment_end(u32 length, u32 at, u32 sum) {
  (void)sum;
  u32 tail = (at + length) & 15;
  // The next segment's header does not fit into what is left of a row of 16 bytes.
  if (tail > 8) ets_printf("ho 0 tail %d room %d\n", tail, 16 - tail);
}
static inline void print_bad_sum(u32 sum, u32 kept) { ets_printf("csum err:0x%x!=0x%x\nthe image's bytes do not give the checksum at its end\n", kept, sum); }
static inline void print_entry(u32 entry, u32 sum) { (void)sum, ets_printf("entry 0x%08x\n", entry); }

#define HAS_SPI_ATTACH
// Beside the stacks of both cores and clear of where flasher programs load.
#define DOWNLOAD_BUFFER 0x3FFE4400
#define INFLATE_STATE 0x3FFE5E00
#define INFLATE_WINDOW 0x3FFE8000
#define STATUS_BYTES 4
#define SYNC_VALUE 0x20120707
void uart_drain(void);
void uart_set_rate(u32 baud);
_Noreturn void run_downloaded(u32 entry);
int tinfl_decompress(Inflate *s, const u8 *in, u32 *in_size, u8 *base, u8 *out, u32 *out_size, u32 flags);
