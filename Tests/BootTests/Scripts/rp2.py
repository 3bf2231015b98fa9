# wires: GP2-GP3
import rp2, time
from machine import Pin
@rp2.asm_pio(out_init=rp2.PIO.OUT_LOW, out_shiftdir=rp2.PIO.SHIFT_RIGHT, autopull=True, pull_thresh=8)
def send():
    out(pins, 1)[3]
@rp2.asm_pio(in_shiftdir=rp2.PIO.SHIFT_RIGHT, autopush=True, push_thresh=32)
def receive():
    wait(1, pin, 0)
    wrap_target()
    in_(pins, 1)[3]
    wrap()
tx = rp2.StateMachine(0, send, freq=1000000, out_base=Pin(2))
rx = rp2.StateMachine(4, receive, freq=1000000, in_base=Pin(3))
rx.active(1)
for b in (0x01, 0xA5, 0x3C, 0xF0):
    tx.put(b)
tx.active(1)
print(hex(rx.get()))
tx.active(0)
rx.active(0)
@rp2.asm_pio()
def math():
    pull()
    mov(x, osr)
    pull()
    mov(y, osr)
    jmp('test')
    label('loop')
    jmp(x_dec, 'test')
    label('test')
    jmp(y_dec, 'loop')
    mov(isr, x)
    push()
    irq(rel(0))
sm = rp2.StateMachine(1, math, freq=10000000)
fired = []
sm.irq(lambda s: fired.append(1))
sm.active(1)
for x, y in ((100, 30), (7, 7), (5, 1)):
    sm.put(x)
    sm.put(y)
    print(sm.get(), end=' ')
time.sleep_ms(1)
print(len(fired), sm.tx_fifo(), sm.rx_fifo())
sm.exec('set(x, 21)')
sm.exec('mov(isr, reverse(x))')
sm.exec('push()')
print(hex(sm.get()))
rp2.PIO(0).remove_program(math)
print(rp2.bootsel_button())
