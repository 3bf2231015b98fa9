# Turns the compiler's code for register windows into what the assembler of a core without them takes.
/^\t\.section\t\.text/a\	.literal_position
s/^\tentry\tsp, ([0-9]+)$/\tenter \1/
s/^\tcall8\t(.*)$/\tcall_window \1/
s/^\tcallx8\ta([0-9]+)$/\t.byte 0xe0, \1, 0/
s/^\tretw(\.n)?$/\t.byte 0x1d, 0xf0/
s/^\tmovsp\tsp, a([0-9]+)$/\t.byte 0x10, 0x10 + \1, 0/
1i\	.include "windowed.inc"
