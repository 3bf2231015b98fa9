"""Asks a window to close, as a window manager does: WM_DELETE_WINDOW, through libX11."""
import ctypes
import sys

X = ctypes.CDLL("libX11.so.6")


class ClientMessage(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int), ("display", ctypes.c_void_p), ("window", ctypes.c_ulong),
                ("message_type", ctypes.c_ulong), ("format", ctypes.c_int), ("l", ctypes.c_long * 5), ("rest", ctypes.c_long * 12)]


X.XOpenDisplay.restype = ctypes.c_void_p
X.XOpenDisplay.argtypes = [ctypes.c_char_p]
X.XInternAtom.restype = ctypes.c_ulong
X.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
X.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
X.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]
display, window = X.XOpenDisplay(None), int(sys.argv[1])
e = ClientMessage(type=33, display=display, window=window, message_type=X.XInternAtom(display, b"WM_PROTOCOLS", 0), format=32)
e.l[0] = X.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
X.XSendEvent(display, window, 0, 0, ctypes.byref(e))
X.XSync(display, 0)
