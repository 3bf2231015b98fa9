// Linked lists of DMA descriptors.
#include "rom.h"

typedef struct Descriptor Descriptor;
struct Descriptor {
  u32 size : 12, length : 12, offset : 5, sosf : 1, eof : 1, owner : 1;
  u8 *buffer;
  Descriptor *next;
};

/// A chain over `data` in pieces of `piece` bytes, all owned by the DMA; those to be sent have their length set. Where it begins and ends is told.
static Descriptor *build(Descriptor *d, u8 *data, u32 data_size, u32 piece, int full, Descriptor **before_last) {
  u32 n = data_size / piece;
  *before_last = NULL;
  for (u32 i = 0;; i++, d++, data += piece) {
    d->size = piece, d->length = full ? piece : 0, d->sosf = 0, d->eof = 0, d->owner = 1;
    d->buffer = data;
    if (i + 1 >= n) break;
    *before_last = d;
    d->next = d + 1;
  }
  d->next = NULL;
  return d;
}
#ifdef ESP8266
void lldesc_build_chain(Descriptor *list, u32 list_size, u8 *data, u32 data_size, u32 piece, u8 full, Descriptor **head, Descriptor **last) {
  Descriptor *before_last;
  (void)list_size;
  *head = list;
  *last = build(list, data, data_size, piece, full, &before_last);
}
#else
void lldesc_build_chain(Descriptor *list, u32 list_size, u8 *data, u32 data_size, u32 piece, u8 full, Descriptor **head, Descriptor **before_last, Descriptor **last) {
  (void)list_size;
  *head = list;
  *last = build(list, data, data_size, piece, full, before_last);
}
#endif

/// The `n`th descriptor of a list.
Descriptor *lldesc_num2link(Descriptor *d, u16 n) {
  while (n-- > 1) d = d->next;
  return d;
}

/// Sets the owner of `n` descriptors; answers the last of them.
Descriptor *lldesc_set_owner(Descriptor *d, u16 n, u8 owner) {
  for (d->owner = owner; n > 1; n--) d = d->next, d->owner = owner;
  return d;
}
