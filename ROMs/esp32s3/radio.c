// ESP32-S3: of the radio's functions those that a start without radio calls.
#include "rom.h"

/// The release of the functions by which radios take turns, for firmware's messages.
const char *esp_coex_rom_version_get(void) { return "e7ae62f"; }
