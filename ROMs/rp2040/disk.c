// The drive RPI-RP2: a partition with a FAT16 file system that holds INDEX.HTM and INFO_UF2.TXT
// (RP2040 datasheet §2.8.4.1; Microsoft's FAT specification 1.03).

#include "disk.h"

enum { PARTITION = 1, RESERVED = 1, FAT_SECTORS = 128, ROOT_ENTRIES = 512, ROOT_SECTORS = ROOT_ENTRIES * 32 / 512, CLUSTER_SECTORS = 8 };
enum { FAT1 = PARTITION + RESERVED, FAT2 = FAT1 + FAT_SECTORS, ROOT = FAT2 + FAT_SECTORS, DATA = ROOT + ROOT_SECTORS };

static const char page[] =
    "<!doctype html>\n<title>RP2040</title>\n<p>Copy a UF2 file onto this drive to start it. About the board: "
    "<a href=\"https://www.raspberrypi.com/documentation/microcontrollers/\">its documentation</a>.\n";
static const char info[] = "UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n";

static void put(uint8_t *to, const char *text, uint32_t n) {
  while (n--) *to++ = *text++;
}
static void put16(uint8_t *to, uint32_t v) {
  to[0] = v;
  to[1] = v >> 8;
}
static void put32(uint8_t *to, uint32_t v) {
  put16(to, v);
  put16(to + 2, v >> 16);
}
static void entry(uint8_t *to, const char *name, uint8_t attributes, uint32_t cluster, uint32_t size) {
  put(to, name, 11);
  to[11] = attributes;
  put16(to + 24, 41 << 9 | 1 << 5 | 1);  // written on 1 January 2021
  put16(to + 26, cluster);
  put32(to + 28, size);
}

void disk_read(uint32_t lba, uint8_t *to) {
  for (uint32_t i = 0; i < 512; i++) to[i] = 0;
  if (lba == 0) {
    uint8_t *p = to + 446;
    p[4] = 0x0e;  // FAT16 with LBA
    put32(p + 8, PARTITION);
    put32(p + 12, DISK_SECTORS - PARTITION);
    put32(to + 440, 0x32505252);
    put16(to + 510, 0xaa55);
  } else if (lba == PARTITION) {
    put(to, "\xeb\x3c\x90MSDOS5.0", 11);
    put16(to + 11, 512);
    to[13] = CLUSTER_SECTORS;
    put16(to + 14, RESERVED);
    to[16] = 2;
    put16(to + 17, ROOT_ENTRIES);
    to[21] = 0xf8;
    put16(to + 22, FAT_SECTORS);
    put16(to + 24, 1);
    put16(to + 26, 1);
    put32(to + 28, PARTITION);
    put32(to + 32, DISK_SECTORS - PARTITION);
    to[36] = 0x80;
    to[38] = 0x29;
    put32(to + 39, 0x32505252);
    put(to + 43, "RPI-RP2    FAT16   ", 19);
    put16(to + 510, 0xaa55);
  } else if (lba == FAT1 || lba == FAT2) {
    put16(to, 0xfff8);
    for (int i = 1; i < 4; i++) put16(to + 2 * i, 0xffff);
  } else if (lba == ROOT) {
    entry(to, "RPI-RP2    ", 0x28, 0, 0);
    entry(to + 32, "INDEX   HTM", 0x21, 2, sizeof page - 1);
    entry(to + 64, "INFO_UF2TXT", 0x21, 3, sizeof info - 1);
  } else if (lba == DATA) {
    put(to, page, sizeof page - 1);
  } else if (lba == DATA + CLUSTER_SECTORS) {
    put(to, info, sizeof info - 1);
  }
}
