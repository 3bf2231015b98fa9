import time, dht, onewire, ds18x20
from machine import ADC, Pin, UART, time_pulse_us


class HCSR04:
    def __init__(self, trigger, echo):
        self.trigger = Pin(trigger, Pin.OUT, value=0)
        self.echo = Pin(echo, Pin.IN)

    def distance_cm(self):
        time.sleep_us(5)
        self.trigger(1)
        time.sleep_us(12)
        self.trigger(0)
        return time_pulse_us(self.echo, 1, 40000) / 58


class HX711:
    def __init__(self, clock, data):
        self.clock = Pin(clock, Pin.OUT, value=0)
        self.data = Pin(data, Pin.IN)

    def read(self):
        end = time.ticks_add(time.ticks_ms(), 1000)
        while self.data():
            if time.ticks_diff(end, time.ticks_ms()) < 0:
                raise OSError("no data")
        v = 0
        for _ in range(24):
            self.clock(1)
            self.clock(0)
            v = v << 1 | self.data()
        self.clock(1)
        self.clock(0)
        return v - (1 << 24) if v >> 23 else v


def coordinate(text, side, digits):
    v = float(text[:digits]) + float(text[digits:]) / 60
    return -v if side in "SW" else v


def fix(uart):
    # The sentences of one second.
    got, end = {}, time.ticks_add(time.ticks_ms(), 2500)
    while time.ticks_diff(end, time.ticks_ms()) > 0 and len(got) < 2:
        line = uart.readline()
        if not line or line[:1] != b"$" or line[-2:] != b"\r\n":
            continue
        body, check = line[1:-2].split(b"*")
        total = 0
        for b in body:
            total ^= b
        if total != int(check, 16):
            raise ValueError(line)
        fields = body.decode().split(",")
        if fields[0] in ("GPRMC", "GPGGA"):
            got[fields[0]] = fields
    rmc, gga = got["GPRMC"], got["GPGGA"]
    return coordinate(rmc[3], rmc[4], 2), coordinate(rmc[5], rmc[6], 3), float(gga[9]), float(rmc[7]) * 1.852, int(rmc[9])


air = dht.DHT22(Pin(2))
room = dht.DHT11(Pin(11))
probes = ds18x20.DS18X20(onewire.OneWire(Pin(3)))
roms = sorted(bytes(r) for r in probes.scan())
print("roms", *[int.from_bytes(r[1:7], "big") for r in roms])
echo = HCSR04(6, 7)
scale = HX711(8, 9)
motion = Pin(10, Pin.IN)
light, heat = ADC(26), ADC(27)
uart = UART(1, 9600, tx=Pin(4), rx=Pin(5), rxbuf=2048, timeout=200, timeout_char=50)


def volts(adc):
    return sum(adc.read_u16() for _ in range(16)) / 16 / 65535 * 3.3


def show():
    air.measure()
    print("dht22", air.temperature(), air.humidity())
    room.measure()
    print("dht11", room.temperature(), room.humidity())
    probes.convert_temp()
    time.sleep_ms(750)
    print("ds18b20", *[probes.read_temp(bytearray(r)) for r in roms])
    print("hc-sr04", echo.distance_cm())
    scale.read()
    print("hx711", scale.read())
    print("pir", motion())
    print("light", volts(light))
    print("heat", volts(heat))
    uart.read()
    print("gps", *fix(uart))


time.sleep_ms(500)
show()
print("change")
time.sleep_ms(2500)
show()
