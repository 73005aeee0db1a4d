// SPDX-License-Identifier: Apache-2.0
package org.southbound.io;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.TreeMap;

/** Opens ports by what the command line and the configuration call them: {@code KIND:WHERE}. */
public final class Ports {
  private Ports() {
  }

  /**
   * How a port is opened.
   *
   * @param direction what the port is for
   * @param flag the command line flag that names the port, for messages
   * @param shared several workers open the same address, and the kernel spreads packets over them
   */
  public record Options(Direction direction, String flag, boolean shared) {
    /** Options of one worker's port. */
    public static Options of(Direction direction, String flag) {
      return new Options(direction, flag, false);
    }
  }

  /** What a port is for; a file is read or written. */
  public enum Direction {
    INGRESS, EGRESS, BOTH
  }

  /** Opens a port of one kind. */
  private interface Kind {
    Port open(String name, String where, Options options) throws PortException;
  }

  /** Every kind of port: one file, one line. */
  private static final Map<String, Kind> KINDS = new TreeMap<>(Map.of(
      "if", linux(InterfacePort::open),
      "pcap", PcapPort::open,
      "tun", linux(TunPort::open),
      "udp", (name, where, options) -> udp(name, socketAddress(where, options), options)));

  /** The system property {@code southbound.io=nio} asks for java.nio; so does a system without the calls of Linux. */
  private static final boolean NATIVE = !"nio".equals(System.getProperty("southbound.io")) && works();

  private static Kind linux(Kind kind) {
    return (name, where, options) -> {
      if (!NATIVE) {
        throw PortException.usage(name + " needs the system calls of Linux; correct " + options.flag());
      }
      return kind.open(name, where, options);
    };
  }

  /** Opens the port {@code spec}. Throws PortException if the spec is wrong or the system refuses. */
  public static Port open(String spec, Options options) throws PortException {
    int colon = spec.indexOf(':');
    var kind = colon < 0 ? null : KINDS.get(spec.substring(0, colon));
    if (kind == null || colon + 1 == spec.length()) {
      throw PortException.usage("unknown port '" + spec + "'; " + options.flag() + " takes KIND:WHERE with KIND one of "
          + String.join(", ", KINDS.keySet()));
    }
    return kind.open(spec, spec.substring(colon + 1), options);
  }

  /** Opens a tunnel port at {@code address}; port 0 picks a free one. */
  public static Port udp(String name, InetSocketAddress address, Options options) throws PortException {
    if (!NATIVE) {
      return NioUdpPort.open(name, address, options);
    }
    return UdpPort.open(name, address, options);
  }

  /** Whether ports use the calls of Linux; else java.nio. */
  static boolean nativeCalls() {
    return NATIVE;
  }

  private static boolean works() {
    try {
      var kernel = new Native();
      int descriptor = kernel.eventfd();
      return descriptor >= 0 && kernel.close(descriptor) == 0;
    } catch (LinkageError | RuntimeException noSuchCalls) {
      return false;
    }
  }

  /** The other side of {@code udp:HOST:PORT}. */
  public static InetSocketAddress udpAddress(String spec, String flag) throws PortException {
    return socketAddress(spec.substring("udp:".length()), Options.of(Direction.BOTH, flag));
  }

  /** {@code HOST:PORT}, an IPv6 address in brackets. */
  private static InetSocketAddress socketAddress(String text, Options options) throws PortException {
    int colon = text.lastIndexOf(':');
    try {
      String host = text.substring(0, Math.max(colon, 0));
      if (host.isEmpty() || (host.indexOf(':') >= 0 && !host.startsWith("["))) {
        throw new IllegalArgumentException();
      }
      return new InetSocketAddress(InetAddress.getByName(host), Integer.parseInt(text.substring(colon + 1)));
    } catch (IllegalArgumentException malformed) {
      throw PortException.usage("'" + text + "' is not HOST:PORT (IPv6: [HOST]:PORT); correct " + options.flag());
    } catch (UnknownHostException unknown) {
      throw PortException.usage("unknown host in '" + text + "'; correct " + options.flag());
    }
  }

  static PortException bindFailure(InetSocketAddress address, int errno, Options options) {
    String where = address.getAddress().getHostAddress();
    return PortException.failed(switch (errno) {
      case Native.EADDRINUSE ->
        "port " + address.getPort() + " on " + where + " is in use; choose another by " + options.flag();
      case Native.EADDRNOTAVAIL -> "this host has no address " + where + "; correct " + options.flag();
      case Native.EACCES, Native.EPERM -> "no permission for port " + address.getPort() + " on " + where
          + "; choose one from 1024 by " + options.flag();
      default -> "cannot bind port " + address.getPort() + " on " + where + ": " + Native.reason(errno);
    }, null);
  }
}
