#!/usr/bin/env python3
"""Lays out a boot ROM: each exported function has a stub at its published address, and the code of ours lies in the gaps between them.

place.py --script OUT.ld --stubs OUT.S --template IN.ld --published SYMBOLS.csv --exports EXPORTS.csv
         --code FIRST:END … [--windowed] OBJECT…

EXPORTS: lines `address,name[,symbol]`: the function `symbol` (default: the name) of the objects answers at the address.
PUBLISHED: lines `address,name`: functions of the vendor's ROM; at those that EXPORTS lacks, a trap says which one is missing. Its
name follows the call, or where there is no room a byte 1 and, in the next word, the address of the name in the section .names.
"""
import argparse, bisect, csv, re, subprocess, sys

TOOLS = "xtensa-lx106-elf-"
REACH = 0x1F000  # of the instruction J, with some room

def run(*command):
    return subprocess.run([TOOLS + command[0], *command[1:]], check=True, capture_output=True, text=True).stdout

def rows(path):
    with open(path) as file:
        for row in csv.reader(line for line in file if line.strip() and not line.startswith("#")):
            yield int(row[0], 16), row[1], row[2] if len(row) > 2 and row[2] else row[1]

class Gaps:
    """Free spans of the code region."""
    def __init__(self, spans): self.spans = sorted(spans)
    def cut(self, start, end):
        out = []
        for a, b in self.spans:
            if end <= a or b <= start: out.append((a, b))
            else:
                if a < start: out.append((a, start))
                if end < b: out.append((end, b))
        self.spans = out
    def take(self, size, align, near):
        """The place closest to `near`."""
        best = None
        for a, b in self.spans:
            at = -(-a // align) * align
            if at + size <= b:
                cost = max(abs(at - n) for n in near) if near else at
                if best is None or cost < best[0]: best = (cost, at)
        if best is None: sys.exit(f"no gap of {size} bytes is left")
        self.cut(best[1], best[1] + size)
        return best[1]

def main():
    p = argparse.ArgumentParser()
    for name in ("script", "stubs", "template", "published", "exports"): p.add_argument("--" + name, required=True)
    p.add_argument("--code", nargs="+", required=True)
    p.add_argument("--windowed", action="store_true")
    p.add_argument("--objects", nargs="+", required=True)
    o = p.parse_args()

    exports = {}
    for address, name, symbol in rows(o.exports):
        if exports.get(address, symbol) != symbol: sys.exit(f"{address:#x} is exported twice: {exports[address]} and {symbol}")
        exports[address] = symbol
    published = {}
    for address, name, _ in rows(o.published): published.setdefault(address, name)
    gaps = Gaps([tuple(int(x, 16) for x in span.split(":")) for span in o.code])
    inside = lambda at: any(a <= at < b for a, b in gaps.spans)

    # Sections of code: (object, section, size, alignment, symbols)
    sections, holder, fixed = [], {}, {}
    for path in o.objects:
        table = {}
        for line in run("readelf", "-SW", path).splitlines():
            m = re.match(r"\s*\[\s*(\d+)\]\s+(\S+)\s+PROGBITS\s+\S+\s+\S+\s+([0-9a-f]+)\s+\S+\s+A?X?A?\S*\s.*?(\d+)$", line)
            if m and re.match(r"\.(text|literal|at)\b", m[2]) and int(m[3], 16): table[int(m[1])] = (m[2], int(m[3], 16), int(m[4]))
        symbols = {}
        for line in run("readelf", "-sW", path).splitlines():
            f = line.split()
            if len(f) == 8 and f[4] == "GLOBAL" and f[6].isdigit(): symbols.setdefault(int(f[6]), []).append((f[7], int(f[1], 16)))
        literal = [(n, s, a) for n, s, a in table.values() if n.startswith(".literal")]
        for index, (name, size, align) in table.items():
            if name.startswith(".literal"): continue
            if name.startswith(".at."):
                at = int(name[4:], 16)
                fixed[at] = (path, name, size)
                continue
            group = [(name, size, align)]
            if name == ".text" and literal:
                group = [x for x in literal if x[0] in (".literal",)] + group
            sections.append((path, [g[0] for g in group], sum(-(-g[1] // 4) * 4 for g in group), max(4, align), [s for s, _ in symbols.get(index, [])]))
            for s, _ in symbols.get(index, []): holder[s] = len(sections) - 1
    for at, (path, name, size) in sorted(fixed.items()): gaps.cut(at, at + size)

    # Stubs
    addresses = sorted(a for a in set(exports) | set(published) if inside(a))
    stubs = []
    for address in addresses:
        later = bisect.bisect_right(addresses, address)
        room = (addresses[later] if later < len(addresses) else 1 << 32) - address
        if address in exports:
            stubs.append((address, exports[address], None))
            gaps.cut(address, address + 4)
        else:
            size = 8 if o.windowed else 4
            if room < size: continue
            name = published[address]
            text = name if room >= size + len(name) + 1 else ""
            far = not text and o.windowed and room >= 12 and not address & 3  # the name lies elsewhere
            size = 12 if far else size + -(-(len(text) + 1) // 4) * 4
            if size > room: text, size = None, 8 if o.windowed else 4
            stubs.append((address, None, (name,) if far else text))
            gaps.cut(address, address + size)
    near = {}
    for address, symbol, _ in stubs:
        if symbol and symbol in holder: near.setdefault(holder[symbol], []).append(address)

    # What the exports' code refers to is kept; the linker tells of anything missing.
    placed = []
    order = sorted(range(len(sections)), key=lambda i: -sections[i][2])
    for i in order:
        path, names, size, align, _ = sections[i]
        at = gaps.take(size, align, near.get(i, []))
        placed.append((at, path, names, size))
        near[i] = [at]
    where = {}
    for (at, path, names, size), i in zip(placed, order):
        for s in sections[i][4]: where[s] = at

    with open(o.stubs, "w") as out:
        out.write("// Written by place.py.\n" + ('  .include \"windowed.inc\"\n' if o.windowed else ""))
        for address, symbol, text in stubs:
            out.write(f'.section .at.{address:08x},"ax"\n.global stub_{address:08x}\nstub_{address:08x}:\n')
            if symbol:
                target, hop = symbol, address
                at = where.get(symbol)
                if at is not None and abs(at - address) > REACH:
                    towards = address + (REACH - 0x1000 if at > address else 0x1000 - REACH)
                    if abs(at - towards) > REACH: towards = (at + address) // 2
                    step = gaps.take(4, 4, [towards])
                    if abs(step - address) > REACH or abs(at - step) > REACH: sys.exit(f"{symbol} at {at:#x} cannot be reached from {address:#x}")
                    out.write(f'  j hop_{address:08x}\n.section .at.{step:08x},"ax"\nhop_{address:08x}: j {symbol}\n')
                    placed.append((step, o.stubs.replace(".S", ".o"), [f".at.{step:08x}"], 4))
                else: out.write(f"  j {symbol}\n")
                placed.append((address, o.stubs.replace(".S", ".o"), [f".at.{address:08x}"], 4))
            else:
                out.write("  enter 32\n" if o.windowed else "")
                out.write("  call0 missing_function\n")
                if isinstance(text, tuple):
                    out.write(f'  .byte 1, 0\n  .word name_{address:08x}\n.section .names,"a"\nname_{address:08x}: .asciz "{text[0]}"\n')
                elif text is not None: out.write(f'  .asciz "{text}"\n')
                placed.append((address, o.stubs.replace(".S", ".o"), [f".at.{address:08x}"], 0))
    for at, (path, name, size) in fixed.items(): placed.append((at, path, [name], size))
    lines = []
    for at, path, names, size in sorted(placed):
        lines.append(f"    . = {at:#x} - ROM_BASE;" + "".join(f" *{path.rsplit('/', 1)[-1]}({n})" for n in names))
    with open(o.template) as file: template = file.read()
    with open(o.script, "w") as out: out.write(template.replace("@PLACED@", "\n".join(lines)))
    free = sum(b - a for a, b in gaps.spans)
    used = sum(s[2] for s in sections)
    print(f"{sum(1 for s in stubs if s[1])} functions, {sum(1 for s in stubs if not s[1])} traps, {used} bytes of code, {free} bytes free")

main()
