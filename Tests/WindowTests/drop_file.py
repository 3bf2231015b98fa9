"""Drops a file on a window, as a file manager does: the source's side of XDND 5, through libX11."""
import ctypes
import pathlib
import sys

X = ctypes.CDLL("libX11.so.6")
Long, ULong, Pointer = ctypes.c_long, ctypes.c_ulong, ctypes.c_void_p


class ClientMessage(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("serial", ULong), ("send_event", ctypes.c_int), ("display", Pointer), ("window", ULong),
                ("message_type", ULong), ("format", ctypes.c_int), ("l", Long * 5)]


class SelectionRequest(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("serial", ULong), ("send_event", ctypes.c_int), ("display", Pointer), ("owner", ULong),
                ("requestor", ULong), ("selection", ULong), ("target", ULong), ("property", ULong), ("time", ULong)]


class SelectionNotify(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("serial", ULong), ("send_event", ctypes.c_int), ("display", Pointer), ("requestor", ULong),
                ("selection", ULong), ("target", ULong), ("property", ULong), ("time", ULong)]


class Event(ctypes.Union):
    _fields_ = [("type", ctypes.c_int), ("client", ClientMessage), ("request", SelectionRequest), ("notify", SelectionNotify), ("pad", Long * 24)]


X.XOpenDisplay.restype = Pointer
X.XOpenDisplay.argtypes = [ctypes.c_char_p]
X.XDefaultRootWindow.restype = ULong
X.XDefaultRootWindow.argtypes = [Pointer]
X.XCreateSimpleWindow.restype = ULong
X.XCreateSimpleWindow.argtypes = [Pointer, ULong] + [ctypes.c_int] * 2 + [ctypes.c_uint] * 3 + [ULong] * 2
X.XInternAtom.restype = ULong
X.XInternAtom.argtypes = [Pointer, ctypes.c_char_p, ctypes.c_int]
X.XSendEvent.argtypes = [Pointer, ULong, ctypes.c_int, Long, Pointer]
X.XSetSelectionOwner.argtypes = [Pointer, ULong, ULong, ULong]
X.XChangeProperty.argtypes = [Pointer, ULong, ULong, ULong, ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
X.XNextEvent.argtypes = [Pointer, Pointer]
X.XFlush.argtypes = [Pointer]

target, path, x, y = int(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve(), int(sys.argv[3]), int(sys.argv[4])
display = X.XOpenDisplay(None)
source = X.XCreateSimpleWindow(display, X.XDefaultRootWindow(display), 0, 0, 1, 1, 0, 0, 0)


def atom(name):
    return X.XInternAtom(display, name.encode(), 0)


def send(name, *data):
    e = Event()
    e.client.type = 33
    e.client.display = display
    e.client.window = target
    e.client.message_type = atom(name)
    e.client.format = 32
    for i, v in enumerate((source,) + data):
        e.client.l[i] = v
    X.XSendEvent(display, target, 0, 0, ctypes.byref(e))
    X.XFlush(display)


X.XSetSelectionOwner(display, atom("XdndSelection"), source, 0)
send("XdndEnter", 5 << 24, atom("text/uri-list"))
send("XdndPosition", 0, x << 16 | y, 0, atom("XdndActionCopy"))
while True:
    e = Event()
    X.XNextEvent(display, ctypes.byref(e))
    if e.type == 33 and e.client.message_type == atom("XdndStatus"):
        if not e.client.l[1] & 1:
            sys.exit("the window does not take the file")
        send("XdndDrop", 0, 0)
    elif e.type == 30:
        data = (path.as_uri() + "\r\n").encode()
        X.XChangeProperty(display, e.request.requestor, e.request.property, e.request.target, 8, 0, data, len(data))
        n = Event()
        n.notify.type = 31
        n.notify.display = display
        n.notify.requestor = e.request.requestor
        n.notify.selection = e.request.selection
        n.notify.target = e.request.target
        n.notify.property = e.request.property
        X.XSendEvent(display, e.request.requestor, 0, 0, ctypes.byref(n))
        X.XFlush(display)
    elif e.type == 33 and e.client.message_type == atom("XdndFinished"):
        break
