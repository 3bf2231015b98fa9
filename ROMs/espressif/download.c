// Serial download: SLIP frames on UART0 that read and write registers, memory and flash.
#include "chip.h"

enum Command {
  flash_begin = 2, flash_data = 3, flash_end = 4, mem_begin = 5, mem_end = 6, mem_data = 7, sync = 8, write_reg = 9, read_reg = 10,
  set_params = 11, spi_attach = 13, read_slow = 14, change_baud = 15, deflate_begin = 16, deflate_data = 17, deflate_end = 18, flash_md5 = 19, security_info = 20,
};
enum Error { fine = 0, invalid_message = 5, failed_to_act = 6, bad_checksum = 7, flash_write_failed = 8, flash_read_failed = 9, bad_length = 10, bad_deflate = 11 };
enum { end = 0xC0, escape = 0xDB, escaped_end = 0xDC, escaped_escape = 0xDD };

/// The frame received: type, command, size, checksum, then data; words in it are aligned.
static u8 *const frame = (u8 *)DOWNLOAD_BUFFER;
#define FRAME_SIZE 0x1A00

static u8 get(void) {
  for (;;) {
    int c = uart_get();
    if (c >= 0) return c;
  }
}

static u32 receive(void) {
  for (;;) {
    while (get() != end) {}
    u32 n = 0;
    for (;;) {
      u8 c = get();
      if (c == end) {
        if (n) break;
        continue;  // the end of one frame, the beginning of the next
      }
      if (c == escape) {
        c = get();
        c = c == escaped_end ? end : c == escaped_escape ? escape : c;
      }
      if (n < FRAME_SIZE) frame[n] = c;
      n++;
    }
    if (n >= 8 && n <= FRAME_SIZE && frame[0] == 0) return n;
  }
}

static void put(u8 c) {
  if (c == end) uart_put(escape), uart_put(escaped_end);
  else if (c == escape) uart_put(escape), uart_put(escaped_escape);
  else uart_put(c);
}

static void answer(u8 command, u32 value, const u8 *data, u32 length, u8 error) {
  u32 size = length + STATUS_BYTES;
  uart_put(end);
  put(1), put(command), put(size), put(size >> 8);
  for (int i = 0; i < 4; i++) put(value >> 8 * i);
  for (u32 i = 0; i < length; i++) put(data[i]);
  put(error != 0), put(error);
  for (int i = 2; i < STATUS_BYTES; i++) put(0);
  uart_put(end);
}

static u32 word(u32 i) { return ((const u32 *)frame)[2 + i]; }

static int check(const u8 *data, u32 length, u32 sum) {
  u8 x = 0xEF;
  while (length--) x ^= *data++;
  return x == (sum & 0xFF);
}

#ifdef SECURITY_INFO_CHIP
/// Nothing is locked: flags, the count that turns encryption on, purposes of seven keys, the chip, its revision's release.
int GetSecurityInfoProc(int *message, int *error, u8 *to) {
  static const u8 info[20] = {[12] = SECURITY_INFO_CHIP};
  (void)message, (void)error;
  memcpy(to, info, 20);
  return 0;
}
#endif

_Noreturn void download_mode(void) {
  u32 to = 0, attached = 0;  // `to`: where the next data goes
#ifdef INFLATE_WINDOW
  u32 erased_to = 0, window_at = 0, inflated = 1;
#endif
  for (;;) {
    u32 n = receive();
    u8 command = frame[1], error = fine;
    u32 size = frame[2] | frame[3] << 8, sum = ((const u32 *)frame)[1], value = 0, length = 0, jump = 0, reset = 0;
    const u8 *data = frame + 24;
    u8 out[64];
    u32 payload = n >= 24 ? word(0) : 0;
    int is_data = command == flash_data || command == mem_data || command == deflate_data;
    if (size != n - 8) error = invalid_message;
    else if (is_data && (n < 24 || payload > n - 24)) error = bad_length;
    else if (is_data && !check(data, payload, sum)) error = bad_checksum;
    if (!error && !attached && (command == flash_begin || command == deflate_begin || command == flash_md5 || command == read_slow)) flash_attach(), attached = 1;
    if (!error) switch (command) {
        case sync:
          for (int i = 0; i < 7; i++) answer(sync, SYNC_VALUE, NULL, 0, 0);
          value = SYNC_VALUE;
          break;
        case read_reg: value = REG(word(0) & ~3); break;
        case write_reg:
          // One or more of address, value, mask, microseconds to wait.
          for (u32 i = 0; 16 * (i / 4) + 16 <= size; i += 4) {
            u32 mask = word(i + 2), at = word(i) & ~3;
            REG(at) = mask == 0xFFFFFFFF ? word(i + 1) : (REG(at) & ~mask) | (word(i + 1) & mask);
            if (word(i + 3)) ets_delay_us(word(i + 3));
          }
          break;
        case mem_begin: to = word(3); break;
        case mem_data:
          for (u32 i = 0; i < payload; i += 4) REG(to + i) = data[i] | (u32)data[i + 1] << 8 | (u32)data[i + 2] << 16 | (u32)data[i + 3] << 24;
          to += payload;
          break;
        case mem_end: jump = word(0) ? 0 : word(1); break;
        case flash_begin:
        case deflate_begin: {
          // The number of bytes is what to erase; compressed or not, the packets then come in order.
          u32 bytes = word(0);
          to = word(3);
          if (bytes && (to >= flashchip->chip_size || bytes > flashchip->chip_size - to)) {
            error = failed_to_act;
            break;
          }
          flash_unlock();
          if (bytes) error = flash_erase(to & ~0xFFF, (bytes + (to & 0xFFF) + 0xFFF) & ~0xFFF) ? failed_to_act : fine;
#ifdef INFLATE_WINDOW
          *(u32 *)INFLATE_STATE = 0, erased_to = to + bytes, window_at = 0, inflated = 1;
#endif
          break;
        }
        case flash_data:
          if (flash_write(to, data, payload)) error = flash_write_failed;
          to += payload;
          break;
#ifdef INFLATE_WINDOW
        case deflate_data:
          while (inflated && payload) {
            u32 in = payload, room = 0x8000 - window_at;
            inflated = tinfl_decompress((Inflate *)INFLATE_STATE, data, &in, (u8 *)INFLATE_WINDOW, (u8 *)INFLATE_WINDOW + window_at, &room, 1 | 2);
            if ((s32)inflated < 0) {
              error = bad_deflate;
              break;
            }
            if (to + room > erased_to) room = erased_to > to ? erased_to - to : 0;
            if (room && flash_write(to, (u8 *)INFLATE_WINDOW + window_at, room)) error = flash_write_failed;
            to += room, window_at = (window_at + room) & 0x7FFF, data += in, payload -= in;
            if (!in && !room) break;
          }
          break;
        case deflate_end:
#endif
        case flash_end: reset = word(0) == 0; break;
        case flash_md5: {
          MD5 m;
          u8 digest[16];
          MD5Init(&m);
          for (u32 at = word(0), left = word(1), part; left && !error; at += part, left -= part) {
            part = left < 1024 ? left : 1024;
            if (flash_read(at, frame + 64, part)) error = flash_read_failed;
            MD5Update(&m, frame + 64, part);
          }
          MD5Final(digest, &m);
          for (int i = 0; i < 32; i++) {
            u8 nibble = digest[i / 2] >> (i & 1 ? 0 : 4) & 15;
            out[i] = nibble < 10 ? '0' + nibble : 'a' + nibble - 10;
          }
          length = 32;
          break;
        }
#ifdef HAS_SPI_ATTACH
        case spi_attach: flash_attach(), attached = 1; break;
        case set_params:
          flashchip->device_id = word(0), flashchip->chip_size = word(1), flashchip->block_size = word(2);
          flashchip->sector_size = word(3), flashchip->page_size = word(4), flashchip->status_mask = word(5);
          break;
        case read_slow:
          length = word(1) <= 64 ? word(1) : 0;
          if (!length || flash_read(word(0), out, length)) error = flash_read_failed;
          length = error ? 0 : 64;
          break;
#ifdef SECURITY_INFO_CHIP
        case security_info: GetSecurityInfoProc(NULL, NULL, out), length = 20; break;
#endif
        case change_baud: error = word(0) ? fine : invalid_message; break;
#endif
#ifdef SECURITY_INFO_BYTES
        case security_info:
          length = SECURITY_INFO_BYTES;
          if (GetSecurityInfoProc(NULL, NULL, out)) error = failed_to_act;
          break;
#endif
        default: error = invalid_message;
      }
    answer(command, value, out, error ? 0 : length, error);
    uart_drain();
    if (error) continue;
#ifdef HAS_SPI_ATTACH
    if (command == change_baud) uart_set_rate(word(0));
#endif
    if (reset) ets_delay_us(1000), software_reset_chip();
    if (jump) run_downloaded(jump);
  }
}
