// ESP8266: what the shared sources need to know of it.
#pragma once
#include "../espressif/rom.h"

// SPI0, which the flash chip is on.
#define FLASH_SPI 0x60000200
#define FLASH_SPI_W0 0x40
#define FLASH_RD_STATUS REG(FLASH_SPI + 0x10)
#define FLASH_WR_STATUS REG(FLASH_SPI + 0x0C)

/// The variable that firmware reads at 0x3FFFC714.
extern FlashChip *flashchip;

/// DPORT's bit for a flash controller that serves the cache.
static inline void flash_controller_wait(void) {
  while (REG(0x3FF0000C) & 1 << 9) {}
}
static inline void flash_start_read(u32 address, u32 length) {
  REG(FLASH_SPI + 4) = (address & 0xFFFFFF) | length << 24;
  REG(FLASH_SPI) = 1u << 31;
  while (REG(FLASH_SPI)) {}
}
void flash_attach(void);
static inline void flash_unlock(void) {}
int flash_erase(u32 address, u32 length);

#define IMAGE_HEADER 8
#define OTHER_IMAGE 0x1000
#define OTHER_HINT "is this an ESP32 image?"
static inline void print_flash_mode(const u32 *header) { (void)header; }
// The vendor's ROM reads rows of 16 bytes and tells how an image lies in them: "room" is left of the row where a segment begins.
static inline u32 room_at(u32 at) { return at == 16 ? 16 : -at & 15; }
static inline void print_segment(u32 address, u32 length, u32 at) { ets_printf("load 0x%08x, len %d, room %d \n", address, length, room_at(at)); }
static inline void print_segment_end(u32 length, u32 at, u32 sum) {
  u32 tail = (length - room_at(at)) & 15;
  ets_printf("tail %d\nchksum 0x%02x\n", tail, sum);
  if (tail > 8) ets_printf("ho 0 tail %d room %d\n", tail, 16 - tail);
}
static inline void print_bad_sum(u32 sum, u32 kept) { ets_printf("csum err\nthe image's bytes give 0x%02x, its end says 0x%02x\n", sum, kept); }
static inline void print_entry(u32 entry, u32 sum) { (void)entry, ets_printf("csum 0x%02x\n", sum); }

#define DOWNLOAD_BUFFER 0x3FFFDE80
#define STATUS_BYTES 2
#define SYNC_VALUE 0x20120707
void uart_drain(void);
_Noreturn void run_downloaded(u32 entry);
