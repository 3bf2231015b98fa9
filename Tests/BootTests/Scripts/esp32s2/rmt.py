# wires: GPIO11-GPIO12
from machine import Pin
import esp32, machine, time
r = esp32.RMT(0, pin=Pin(11), clock_div=80)
q = Pin(12, Pin.IN)
edges = []
q.irq(lambda p: edges.append(p.value()), Pin.IRQ_RISING | Pin.IRQ_FALLING)
r.write_pulses((3000, 4000, 5000, 6000), 1)
print(r.wait_done(timeout=100))
time.sleep_ms(3)
print(len(edges))
q.irq(None)
r.write_pulses((50,) * 150, 1)
print(r.wait_done(timeout=100))
r.write_pulses((200, 3000, 400), 1)
print(machine.time_pulse_us(q, 0, 100000) > 2500)
