"""Bring up this network's loopback device, then become another command: in a network of its own,
where nothing else is, it is down, and what talks to itself (vLLM, torch.distributed) needs it.

    unshare --user --map-root-user --net -- python -I loopback.py COMMAND …
"""

import fcntl
import os
import socket
import struct
import sys

GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS and IFF_UP of Linux
REQUEST = "16sH14x"  # struct ifreq: the name of a device, its flags


def bring_up(device: str = "lo") -> None:
    """As `ip link set lo up`, which not every machine has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack(REQUEST, device.encode(), 0)
        name, flags = struct.unpack(REQUEST, fcntl.ioctl(any_socket, GET_FLAGS, asked))
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack(REQUEST, name, flags | UP))


if __name__ == "__main__":
    bring_up()
    os.execvp(sys.argv[1], sys.argv[1:])
