# wires: GP2-GP3
# A PWM of 250 kHz counted by a state machine for 20 ms, its duty measured by another, in cycles.
import rp2, time
from machine import Pin, PWM
p = PWM(Pin(2))
p.freq(250000)
p.duty_u16(65536 * 3 // 10)
@rp2.asm_pio()
def count():
    mov(x, invert(null))
    label('loop')
    wait(1, pin, 0)
    wait(0, pin, 0)
    jmp(x_dec, 'loop')
@rp2.asm_pio()
def high():
    mov(x, invert(null))
    wait(0, pin, 0)
    wait(1, pin, 0)
    label('more')
    jmp(x_dec, 'next')
    label('next')
    jmp(pin, 'more')
    mov(isr, invert(x))
    push()
c = rp2.StateMachine(0, count, freq=125_000_000, in_base=Pin(3))
c.active(1)
time.sleep_ms(20)
c.active(0)
c.exec('mov(isr, invert(x))')
c.exec('push()')
print(4750 <= c.get() <= 5150)
h = rp2.StateMachine(4, high, freq=125_000_000, in_base=Pin(3), jmp_pin=Pin(3))
h.active(1)
# Two cycles a turn: 150 cycles high of 500.
print(all(74 <= h.get() <= 76 for i in range(8)))
h.active(0)
p.deinit()
