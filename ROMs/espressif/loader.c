// Loads an image from flash into RAM and starts it.
#include "chip.h"

/// Ends a boot that failed: after a moment for the message to be read the chip starts again, as its watchdog would make it.
static _Noreturn void give_up(void) {
  ets_delay_us(1000000);
  software_reset_chip();
}

_Noreturn void boot_from_flash(u32 offset) {
  u32 header[IMAGE_HEADER / 4], segment[2];
  u32 at = offset, entry = 0;
  flash_read(at, header, sizeof header);
  if ((header[0] & 0xFF) != 0xE9 || (header[0] >> 8 & 0xFF) > 16) {
    ets_printf("invalid header: 0x%08x\n", header[0]);
    u32 other = 0;
    flash_read(OTHER_IMAGE, &other, 4);
    if (header[0] == 0xFFFFFFFF && (other & 0xFF) == 0xE9) ets_printf("no image at 0x%x of flash, but one at 0x%x: " OTHER_HINT "\n", offset, OTHER_IMAGE);
    else if (header[0] == 0xFFFFFFFF) ets_printf("flash is erased at 0x%x: write an image there\n", offset);
    else ets_printf("no image at 0x%x of flash (it begins with 0xE9)\n", offset);
    give_up();
  }
  entry = header[1];
  print_flash_mode(header);
  at += IMAGE_HEADER;
  u8 sum = 0xEF;
  for (u32 i = header[0] >> 8 & 0xFF; i; i--) {
    flash_read(at, segment, 8);
    at += 8;
    u32 address = segment[0], length = segment[1];
    print_segment(address, length, at - offset);
    if (!is_ram(address, length)) {
      ets_printf("segment at 0x%08x, 0x%x bytes: not in the RAM that an image may load to\n", address, length);
      give_up();
    }
    // Whole words: some of the RAM takes nothing else.
    for (u32 done = 0; done < length;) {
      u32 buffer[16], n = length - done < 64 ? length - done : 64;
      buffer[(n - 1) / 4] = 0;
      flash_read(at + done, buffer, n);
      for (u32 j = 0; j < n; j += 4) {
        u32 v = buffer[j / 4];
        *(volatile u32 *)(address + done + j) = v;
        v ^= v >> 16;
        sum ^= v ^ v >> 8;
      }
      done += n;
    }
    print_segment_end(length, at - offset, sum);
    at += length;
  }
  u32 kept;
  at = offset + ((at - offset) | 15);
  flash_read(at & ~3, &kept, 4);
  kept = kept >> 24;
  if (kept != sum) {
    print_bad_sum(sum, kept);
    give_up();
  }
  print_entry(entry, sum);
  run_image(entry);
}
