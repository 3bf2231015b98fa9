// The C library's part of the ROMs of the ESP32 series that needs the firmware's help: memory, errors, random numbers.
#include "chip.h"

Reent *__getreent(void) { return syscalls()->getreent(); }
int *__errno_of(void *r) { return r ? &((Reent *)r)->error : &__getreent()->error; }
int *__errno(void) { return &__getreent()->error; }

// ---- calls of the system

void *malloc(size_t n) { return syscalls()->malloc(__getreent(), n); }
void free(void *p) { syscalls()->free(__getreent(), p); }
void *realloc(void *p, size_t n) { return syscalls()->realloc(__getreent(), p, n); }
void *calloc(size_t count, size_t n) { return syscalls()->calloc(__getreent(), count, n); }

// Each entry of the table as a function, with all the arguments that it may have.
#define ENTRY(n) \
  u32 syscall_##n(u32 a, u32 b, u32 c, u32 d, u32 e, u32 f) { return ((u32(**)(u32, u32, u32, u32, u32, u32))syscalls())[n](a, b, c, d, e, f); }
ENTRY(1) ENTRY(2) ENTRY(3) ENTRY(4) ENTRY(5) ENTRY(6) ENTRY(7) ENTRY(8) ENTRY(9) ENTRY(10)
ENTRY(11) ENTRY(12) ENTRY(13) ENTRY(14) ENTRY(15) ENTRY(16) ENTRY(17) ENTRY(18) ENTRY(19) ENTRY(20)
ENTRY(21) ENTRY(22) ENTRY(23) ENTRY(24) ENTRY(25) ENTRY(26) ENTRY(27) ENTRY(28) ENTRY(29) ENTRY(30)
ENTRY(31) ENTRY(32) ENTRY(33) ENTRY(34) ENTRY(35)

int close(int file) { return syscalls()->close(__getreent(), file); }
int open(const char *path, int flags, int mode) { return syscalls()->open(__getreent(), path, flags, mode); }
s32 read(int file, void *to, u32 n) { return syscalls()->read(__getreent(), file, to, n); }
s32 write(int file, const void *from, u32 n) { return syscalls()->write(__getreent(), file, from, n); }
void *sbrk(s32 n) { return syscalls()->sbrk(__getreent(), n); }
u32 times(void *to) { return syscalls()->times(__getreent(), to); }
int creat(const char *path, int mode) { return open(path, 0x601, mode); }
s32 time(s32 *to) {
  s32 now[2] = {0, 0};
  if (syscalls()->gettimeofday(__getreent(), now, NULL) < 0) now[0] = -1;
  if (to) *to = now[0];
  return now[0];
}

char *_strndup_r(Reent *r, const char *s, size_t n) {
  size_t length = 0;
  while (length < n && s[length]) length++;
  char *to = syscalls()->malloc(r, length + 1);
  if (to) memcpy(to, s, length), to[length] = 0;
  return to;
}
char *_strdup_r(Reent *r, const char *s) { return _strndup_r(r, s, 0xFFFFFFFE); }
char *strdup(const char *s) { return _strdup_r(__getreent(), s); }
char *strndup(const char *s, size_t n) { return _strndup_r(__getreent(), s, n); }

long _strtol_r(void *r, const char *s, char **end, int base);
unsigned long _strtoul_r(void *r, const char *s, char **end, int base);
long strtol(const char *s, char **end, int base) { return _strtol_r(__getreent(), s, end, base); }
unsigned long strtoul(const char *s, char **end, int base) { return _strtoul_r(__getreent(), s, end, base); }
long _atol_r(void *r, const char *s) { return _strtol_r(r, s, NULL, 10); }
long atol(const char *s) { return strtol(s, NULL, 10); }

// newlib's generator, kept in memory of the thread's own
static u64 *random_state(void) {
  Reent *r = __getreent();
  if (!r->random) {
    r->random = syscalls()->malloc(r, 24);
    static const u16 first[7] __attribute__((aligned(4))) = {0x330E, 0xABCD, 0x1234, 0xE66D, 0xDEEC, 5, 11};
    memcpy(r->random, first, 14);
    r->random->next = 1;
  }
  return &r->random->next;
}
void srand(u32 seed) { *random_state() = seed; }
int rand(void) {
  u64 *s = random_state();
  *s = *s * 6364136223846793005u + 1;
  return *s >> 32 & 0x7FFFFFFF;
}
int rand_r(u32 *seed) {
  // Park and Miller's minimal standard
  s32 s = *seed == 0 ? 0x12345987 : *seed, k = s / 127773;
  s = 16807 * (s - k * 127773) - 2836 * k;
  if (s < 0) s += 2147483647;
  *seed = s;
  return s & 0x7FFFFFFF;
}

// ---- classes of characters

extern const u8 _ctype_[257];
enum { upper = 1, lower = 2, digit = 4, space = 8, punctuation = 16, control = 32, hexadecimal = 64, blank = 128 };
static int class_of(int c, int mask) { return (u32)(c + 1) < 257 ? _ctype_[c + 1] & mask : 0; }
int isalnum(int c) { return class_of(c, upper | lower | digit); }
int isalpha(int c) { return class_of(c, upper | lower); }
int isblank(int c) { return class_of(c, blank) || c == '\t'; }
int iscntrl(int c) { return class_of(c, control); }
int isdigit(int c) { return class_of(c, digit); }
int isgraph(int c) { return class_of(c, punctuation | upper | lower | digit); }
int islower(int c) { return class_of(c, upper | lower) == lower; }
int isprint(int c) { return class_of(c, punctuation | upper | lower | digit | blank); }
int ispunct(int c) { return class_of(c, punctuation); }
int isspace(int c) { return class_of(c, space); }
int isupper(int c) { return class_of(c, upper | lower) == upper; }
int isascii(int c) { return (u32)c < 128; }
