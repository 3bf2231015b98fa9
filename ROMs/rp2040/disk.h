// The drive that a PC sees in BOOTSEL mode: made on the fly, sector by sector.
#pragma once
#include <stdint.h>

enum { DISK_SECTORS = 262144 };  // 128 MiB
void disk_read(uint32_t lba, uint8_t *to);
