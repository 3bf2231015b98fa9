# How the boot ROMs of chips with register windows are made. A chip's Makefile says its SOURCES, the span of its CODE, where the image's
# END is and its SIZE; `make` with Debian's gcc-xtensa-lx106 and python3. The image is kept beside its source.
# That compiler makes code for register windows, but its assembler knows none: windowed.sed and windowed.inc help.
SHELL = /bin/bash
.SHELLFLAGS = -o pipefail -c
CC = xtensa-lx106-elf-gcc
CFLAGS = -mabi=windowed -I. -I../espressif -Os -mtext-section-literals -ffreestanding -fno-builtin -ffunction-sections -fno-tree-loop-distribute-patterns -fno-jump-tables -fno-strict-aliasing -Wall -Wextra -Werror -Wno-cast-function-type -Wno-sign-compare
ASFLAGS = -mtext-section-literals -Wa,-I,../espressif
OBJECTS = build/startup.o $(SOURCES:%=build/%.o)

bootrom.bin: build/rom.elf
	xtensa-lx106-elf-objcopy -O binary --gap-fill 0 --pad-to $(END) $< $@
	chmod 644 $@
	@test `stat -c %s $@` = $(SIZE)
build/rom.elf: build/rom.ld build/stubs.o
	$(CC) -nostdlib -Wl,--no-relax,--no-check-sections,--build-id=none -T build/rom.ld $(OBJECTS) build/stubs.o -o $@
build/stubs.o: build/rom.ld
	$(CC) $(ASFLAGS) -c build/stubs.S -o $@
build/rom.ld: $(OBJECTS) exports.csv symbols.csv rom.ld ../espressif/place.py
	python3 ../espressif/place.py --windowed --script $@ --stubs build/stubs.S --template rom.ld --published symbols.csv --exports exports.csv \
	  --code $(CODE) --objects $(OBJECTS)
build/%.s: %.c chip.h $(wildcard ../espressif/*.h) ../espressif/windowed.sed
	@mkdir -p build
	$(CC) $(CFLAGS) -S $< -o - | sed -E -f ../espressif/windowed.sed > $@
build/%.s: ../espressif/%.c chip.h $(wildcard ../espressif/*.h) ../espressif/windowed.sed
	@mkdir -p build
	$(CC) $(CFLAGS) -S $< -o - | sed -E -f ../espressif/windowed.sed > $@
build/startup.o: startup.S ../espressif/windowed.S ../espressif/windowed.inc
	@mkdir -p build
	$(CC) $(ASFLAGS) -c $< -o $@
build/%.o: build/%.s ../espressif/windowed.inc
	$(CC) $(ASFLAGS) -c $< -o $@
clean:
	rm -rf build
.PRECIOUS: build/%.s
.DELETE_ON_ERROR:
