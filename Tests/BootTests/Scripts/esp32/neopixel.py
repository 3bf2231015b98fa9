from machine import Pin
import neopixel
np = neopixel.NeoPixel(Pin(4), 3)
np[0] = (255, 0, 128)
np[1] = (1, 2, 3)
np[2] = (0, 255, 0)
np.write()
print("written")
