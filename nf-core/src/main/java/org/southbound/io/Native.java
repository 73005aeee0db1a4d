// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The system calls of Linux that ports need. As in the kernel, a call returns the negative errno when it fails, so that
 * nothing is thrown or allocated on the packets' way. An instance holds the place where errno is caught: one per thread.
 * Structures are those of 64-bit Linux, the same on x86-64 and AArch64.
 */
final class Native {
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  static final int AF_PACKET = 17;
  static final int SOCK_DGRAM = 2;
  static final int SOCK_RAW = 3;
  static final int SOCK_CLOEXEC = 0x80000;
  static final int SOCK_NONBLOCK = 0x800;
  static final int SOL_SOCKET = 1;
  static final int SO_ERROR = 4;
  static final int SO_SNDBUF = 7;
  static final int SO_RCVBUF = 8;
  static final int SO_REUSEPORT = 15;
  static final int SO_SNDBUFFORCE = 32;
  static final int SO_RCVBUFFORCE = 33;
  static final int IPPROTO_IPV6 = 41;
  static final int IPV6_V6ONLY = 26;
  static final int SOL_UDP = 17;
  static final int UDP_SEGMENT = 103;
  static final int UDP_GRO = 104;
  static final int MSG_DONTWAIT = 0x40;
  static final int POLLIN = 1;
  static final int POLLOUT = 4;
  static final int EFD_NONBLOCK = 0x800;
  static final int EFD_CLOEXEC = 0x80000;
  static final int O_RDWR = 2;
  static final int O_NONBLOCK = 0x800;
  static final int O_CLOEXEC = 0x80000;
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED_POPULATE = 0x8001;

  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int EAGAIN = 11;
  static final int ENOMEM = 12;
  static final int EACCES = 13;
  static final int EBUSY = 16;
  static final int ENODEV = 19;
  static final int EINVAL = 22;
  static final int EMSGSIZE = 90;
  static final int EADDRINUSE = 98;
  static final int EADDRNOTAVAIL = 99;
  static final int ENETDOWN = 100;
  static final int ENETUNREACH = 101;
  static final int ENOBUFS = 105;
  static final int ECONNREFUSED = 111;
  static final int EHOSTUNREACH = 113;

  private static final long OUTPUT_WAIT_NANOS = 500_000;

  /** Octets of the greatest socket address we use, rounded up. */
  static final int SOCKADDR = 32;

  // struct mmsghdr: msghdr (56 octets), msg_len, padding.
  static final int MMSGHDR = 64;
  static final int MSG_NAME = 0;
  static final int MSG_NAMELEN = 8;
  static final int MSG_IOV = 16;
  static final int MSG_IOVLEN = 24;
  static final int MSG_CONTROL = 32;
  static final int MSG_CONTROLLEN = 40;
  static final int MSG_LEN = 56;
  // struct iovec: base, length.
  static final int IOVEC = 16;
  // struct ifreq: name, and the value that is asked for or given.
  static final int IFREQ = 40;
  static final int IFREQ_VALUE = 16;
  // struct cmsghdr with up to 8 octets of data: length, level, type, data.
  static final int CMSG = 24;
  static final int CMSG_LEVEL = 8;
  static final int CMSG_TYPE = 12;
  static final int CMSG_DATA = 16;

  private static final ValueLayout.OfShort HOST16 = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfShort NET16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final long ERRNO = CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle SOCKET = call("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle BIND = call("bind", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SETSOCKOPT = call("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG,
      JAVA_INT);
  private static final MethodHandle GETSOCKNAME = call("getsockname", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle RECVMMSG = call("recvmmsg", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT,
      JAVA_LONG);
  private static final MethodHandle SENDMMSG = call("sendmmsg", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);
  private static final MethodHandle PPOLL = call("ppoll", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle EVENTFD = call("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle READ = call("read", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle WRITE = call("write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle CLOSE = call("close", JAVA_INT, JAVA_INT);

  /** Of ports for interfaces and TUN devices: a handle costs milliseconds to make, which a start without them is spared. */
  private static final class Interfaces {
    static final MethodHandle GETSOCKOPT = call("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG,
        JAVA_LONG);
    static final MethodHandle WRITEV = call("writev", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    static final MethodHandle OPEN = variadic("open", 2, JAVA_LONG, JAVA_INT);
    static final MethodHandle IOCTL = variadic("ioctl", 2, JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle IF_NAMETOINDEX = call("if_nametoindex", JAVA_INT, JAVA_LONG);
    static final MethodHandle MMAP = call("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
        JAVA_LONG);
    static final MethodHandle MUNMAP = call("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
  }

  private final MemorySegment capture = Arena.ofAuto().allocate(CAPTURE);

  private static MethodHandle call(String name, ValueLayout result, MemoryLayout... arguments) {
    var linker = Linker.nativeLinker();
    var function = linker.defaultLookup().find(name)
        .orElseThrow(() -> new UnsupportedOperationException("the C library has no " + name));
    return linker.downcallHandle(function, FunctionDescriptor.of(result, arguments),
        Linker.Option.captureCallState("errno"));
  }

  /** A function that returns an int and takes further arguments behind the first {@code fixed}. */
  private static MethodHandle variadic(String name, int fixed, MemoryLayout... arguments) {
    var linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments),
        Linker.Option.captureCallState("errno"), Linker.Option.firstVariadicArg(fixed));
  }

  private int checked(int result) {
    return result >= 0 ? result : -capture.get(JAVA_INT, ERRNO);
  }

  private static AssertionError impossible(Throwable failure) {
    return new AssertionError("a native call threw", failure);
  }

  int socket(int family, int type, int protocol) {
    try {
      return checked((int) SOCKET.invokeExact(capture, family, type, protocol));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  int bind(int descriptor, long address, int length) {
    try {
      return checked((int) BIND.invokeExact(capture, descriptor, address, length));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /** Sets an option whose value is an int. */
  int setsockopt(int descriptor, int level, int option, int value) {
    try (var arena = Arena.ofConfined()) {
      long address = arena.allocateFrom(JAVA_INT, value).address();
      return checked((int) SETSOCKOPT.invokeExact(capture, descriptor, level, option, address, 4));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /** Sets an option whose value is a structure. */
  int setsockopt(int descriptor, int level, int option, MemorySegment value) {
    try {
      return checked((int) SETSOCKOPT.invokeExact(capture, descriptor, level, option, value.address(),
          (int) value.byteSize()));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /** Reads an option into {@code value}. */
  int getsockopt(int descriptor, int level, int option, MemorySegment value) {
    try (var arena = Arena.ofConfined()) {
      long length = arena.allocateFrom(JAVA_INT, (int) value.byteSize()).address();
      return checked(
          (int) Interfaces.GETSOCKOPT.invokeExact(capture, descriptor, level, option, value.address(), length));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /** Writes the socket's address to {@code address}, {@link #SOCKADDR} octets. */
  int getsockname(int descriptor, long address) {
    try (var arena = Arena.ofConfined()) {
      long length = arena.allocateFrom(JAVA_INT, SOCKADDR).address();
      return checked((int) GETSOCKNAME.invokeExact(capture, descriptor, address, length));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  int recvmmsg(int descriptor, long messages, int count, int flags) {
    try {
      return checked((int) RECVMMSG.invokeExact(capture, descriptor, messages, count, flags, 0L));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  int sendmmsg(int descriptor, long messages, int count, int flags) {
    try {
      return checked((int) SENDMMSG.invokeExact(capture, descriptor, messages, count, flags));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /** Waits as {@code timespec} says (address of two longs; 0: for ever). */
  int ppoll(long descriptors, int count, long timespec) {
    try {
      return checked((int) PPOLL.invokeExact(capture, descriptors, (long) count, timespec, 0L));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /** Waits a moment for room in a socket's send buffer. */
  void awaitOutput(int descriptor) {
    try (var scratch = Arena.ofConfined()) {
      var poll = scratch.allocate(8 + 16, 8);
      poll.set(JAVA_INT, 0, descriptor);
      poll.set(ValueLayout.JAVA_SHORT, 4, (short) POLLOUT);
      poll.set(JAVA_LONG, 16, OUTPUT_WAIT_NANOS);
      ppoll(poll.address(), 1, poll.address() + 8);
    }
  }

  int eventfd() {
    try {
      return checked((int) EVENTFD.invokeExact(capture, 0, EFD_NONBLOCK | EFD_CLOEXEC));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  long read(int descriptor, long address, long length) {
    try {
      long result = (long) READ.invokeExact(capture, descriptor, address, length);
      return result >= 0 ? result : -capture.get(JAVA_INT, ERRNO);
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  long write(int descriptor, long address, long length) {
    try {
      long result = (long) WRITE.invokeExact(capture, descriptor, address, length);
      return result >= 0 ? result : -capture.get(JAVA_INT, ERRNO);
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  long writev(int descriptor, long vectors, int count) {
    try {
      long result = (long) Interfaces.WRITEV.invokeExact(capture, descriptor, vectors, count);
      return result >= 0 ? result : -capture.get(JAVA_INT, ERRNO);
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /** Opens a file that exists. */
  int open(String path, int flags) {
    try (var arena = Arena.ofConfined()) {
      return checked((int) Interfaces.OPEN.invokeExact(capture, arena.allocateFrom(path).address(), flags));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /** A request whose argument is a number or an address. */
  int ioctl(int descriptor, long request, long argument) {
    try {
      return checked((int) Interfaces.IOCTL.invokeExact(capture, descriptor, request, argument));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /** The index of a network interface, in the thread's network namespace; 0: there is none of that name. */
  int interfaceIndex(String name) {
    try (var arena = Arena.ofConfined()) {
      return (int) Interfaces.IF_NAMETOINDEX.invokeExact(capture, arena.allocateFrom(name).address());
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /** Memory that is shared with the kernel, until {@code arena} is closed; null if the kernel refuses. */
  MemorySegment map(int descriptor, long octets, Arena arena) {
    try {
      long address = (long) Interfaces.MMAP.invokeExact(capture, 0L, octets, PROT_READ_WRITE, MAP_SHARED_POPULATE,
          descriptor, 0L);
      return address == -1
          ? null
          : MemorySegment.ofAddress(address).reinterpret(octets, arena, segment -> new Native().unmap(address, octets));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  private int unmap(long address, long octets) {
    try {
      return checked((int) Interfaces.MUNMAP.invokeExact(capture, address, octets));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  int close(int descriptor) {
    try {
      return checked((int) CLOSE.invokeExact(capture, descriptor));
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /**
   * Writes {@code address} as a socket address of {@code family}; IPv4 on an IPv6 socket is mapped (RFC 4291 section
   * 2.5.5.2). Returns its length in octets. Throws IllegalArgumentException for IPv6 on an IPv4 socket.
   */
  static int sockaddr(InetSocketAddress address, int family, MemorySegment to, long at) {
    byte[] octets = address.getAddress().getAddress();
    to.set(HOST16, at, (short) family);
    to.set(NET16, at + 2, (short) address.getPort());
    if (family == AF_INET) {
      if (octets.length != 4) {
        throw new IllegalArgumentException(
            "cannot send to " + text(address) + " from an IPv4 port; bind the port to an IPv6 address");
      }
      MemorySegment.copy(octets, 0, to, ValueLayout.JAVA_BYTE, at + 4, 4);
      return 16;
    }
    if (octets.length == 4) {
      byte[] mapped = new byte[16];
      mapped[10] = (byte) 0xff;
      mapped[11] = (byte) 0xff;
      System.arraycopy(octets, 0, mapped, 12, 4);
      octets = mapped;
    }
    to.set(ValueLayout.JAVA_INT_UNALIGNED, at + 4, 0);
    MemorySegment.copy(octets, 0, to, ValueLayout.JAVA_BYTE, at + 8, 16);
    int scope = address.getAddress() instanceof Inet6Address six ? six.getScopeId() : 0;
    to.set(ValueLayout.JAVA_INT_UNALIGNED, at + 24, scope);
    return 28;
  }

  /** The socket address at {@code at}. */
  static InetSocketAddress address(MemorySegment from, long at) {
    boolean six = from.get(HOST16, at) == AF_INET6;
    byte[] octets = from.asSlice(at + (six ? 8 : 4), six ? 16 : 4).toArray(ValueLayout.JAVA_BYTE);
    try {
      return new InetSocketAddress(InetAddress.getByAddress(octets), from.get(NET16, at + 2) & 0xffff);
    } catch (UnknownHostException impossible) {
      throw new AssertionError(Arrays.toString(octets), impossible);
    }
  }

  /** Family of the socket for that address. */
  static int family(InetAddress address) {
    return address instanceof Inet4Address ? AF_INET : AF_INET6;
  }

  /** {@code host:port}, the host of IPv6 in brackets. */
  static String text(InetSocketAddress address) {
    String host = address.isUnresolved() ? address.getHostString() : address.getAddress().getHostAddress();
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  /** What the errno means to whoever reads the message. */
  static String reason(int errno) {
    return switch (errno) {
      case EPERM, EACCES -> "no permission";
      case EINVAL -> "invalid argument";
      case ENOMEM, ENOBUFS -> "out of memory";
      case EBUSY -> "in use";
      case ENETDOWN -> "the interface is down";
      case EADDRINUSE -> "address in use";
      case EADDRNOTAVAIL -> "no such address on this host";
      case ENETUNREACH, EHOSTUNREACH -> "unreachable";
      default -> "error " + errno;
    };
  }
}
