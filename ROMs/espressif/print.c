// ets_printf: formatted text to one or two sinks.
#include "rom.h"

static void (*sinks[2])(char) SECTION_RAM;

void ets_install_putc1(void (*put)(char)) { sinks[0] = put; }
void ets_install_putc2(void (*put)(char)) { sinks[1] = put; }

void ets_write_char(char c) {
  if (sinks[0]) sinks[0](c);
  if (sinks[1]) sinks[1](c);
}

void ets_write_char_uart(char c) {
  if (c == '\r') return;
  if (c == '\n') uart_put('\r');
  uart_put(c);
}

void ets_putc(char c) { ets_write_char_uart(c); }

typedef struct { void (*put)(char); int count; } Out;
static void put(Out *o, char c) { o->count++, o->put(c); }
static void pad(Out *o, char c, int n) {
  while (n-- > 0) put(o, c);
}

static void put_number(Out *o, u64 v, unsigned base, int capital, char sign, int width, int precision, int left, char fill) {
  char digits[24];
  int n = 0;
  do {
    unsigned d = v >> 32 ? v % base : (u32)v % base;
    digits[n++] = d < 10 ? '0' + d : (capital ? 'A' : 'a') + d - 10;
    v = v >> 32 ? v / base : (u32)v / base;
  } while (v);
  int zeros = precision > n ? precision - n : 0, blanks = width - n - zeros - (sign != 0);
  if (precision >= 0) fill = ' ';
  if (!left && fill == ' ') pad(o, ' ', blanks);
  if (sign) put(o, sign);
  if (!left && fill == '0') pad(o, '0', blanks);
  pad(o, '0', zeros);
  while (n) put(o, digits[--n]);
  if (left) pad(o, ' ', blanks);
}

int ets_vprintf(void (*sink)(char), const char *f, va_list arguments) {
  Out o = {sink, 0};
  if (!sink || !f) return 0;
  for (; *f; f++) {
    if (*f != '%') {
      put(&o, *f);
      continue;
    }
    int left = 0, width = 0, precision = -1, longs = 0;
    char fill = ' ';
    for (f++; *f == '-' || *f == '0' || *f == '+' || *f == ' ' || *f == '#'; f++) {
      if (*f == '-') left = 1;
      if (*f == '0') fill = '0';
    }
    if (*f == '*') width = va_arg(arguments, int), f++;
    else
      while (*f >= '0' && *f <= '9') width = width * 10 + *f++ - '0';
    if (width < 0) left = 1, width = -width;
    if (*f == '.') {
      f++, precision = 0;
      if (*f == '*') precision = va_arg(arguments, int), f++;
      else
        while (*f >= '0' && *f <= '9') precision = precision * 10 + *f++ - '0';
    }
    for (; *f == 'l' || *f == 'h' || *f == 'z'; f++) longs += *f == 'l';
    char c = *f;
    if (!c) break;
    if (c == 'd' || c == 'i') {
      int64_t v = longs > 1 ? va_arg(arguments, int64_t) : va_arg(arguments, int);
      put_number(&o, v < 0 ? -(u64)v : v, 10, 0, v < 0 ? '-' : 0, width, precision, left, fill);
    } else if (c == 'u' || c == 'x' || c == 'X' || c == 'o' || c == 'p') {
      u64 v = longs > 1 ? va_arg(arguments, u64) : va_arg(arguments, u32);
      if (c == 'p') put(&o, '0'), put(&o, 'x'), width -= 2;
      put_number(&o, v, c == 'u' ? 10 : c == 'o' ? 8 : 16, c == 'X', 0, width, precision, left, fill);
    } else if (c == 's') {
      const char *s = va_arg(arguments, const char *);
      int n = 0;
      if (!s) s = "(null)";
      while ((precision < 0 || n < precision) && s[n]) n++;
      if (!left) pad(&o, ' ', width - n);
      for (int i = 0; i < n; i++) put(&o, s[i]);
      if (left) pad(&o, ' ', width - n);
    } else if (c == 'c') {
      if (!left) pad(&o, ' ', width - 1);
      put(&o, va_arg(arguments, int));
      if (left) pad(&o, ' ', width - 1);
    } else {
      if (c != '%') put(&o, '%');
      put(&o, c);
    }
  }
  return o.count;
}

int ets_printf(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int n = ets_vprintf(ets_write_char, format, arguments);
  va_end(arguments);
  return n;
}

void ets_install_uart_printf(void) { ets_install_putc1(ets_write_char_uart); }

/// Where a trap leads: `name` lies behind its call. ROM is read by words.
_Noreturn void say_missing(u32 name, u32 function) {
  ets_install_uart_printf();
  ets_printf("\n\nThe ROM function ");
  if ((*(const u32 *)(name & ~3) >> 8 * (name & 3) & 0xFF) == 1) name = *(const u32 *)((name & ~3) + 4);
  for (char c; (c = *(const u32 *)(name & ~3) >> 8 * (name & 3)); name++) ets_write_char(c);
  ets_printf(" (0x%08x) is not in Solderless's boot ROM: start with --rom FILE and the vendor's ROM.\n", function);
  for (;;) __asm__ volatile("ill");
}
