// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What an instance must know before it can read its configuration: the flags of its first start, kept in
 * {@code <home>/bootstrap.properties}. Later a flag that is given overrides the kept value for that run only.
 */
final class Bootstrap {
  private static final String FILE = "bootstrap.properties";
  private static final String NAME = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}";
  /** What the names of files begin with. */
  static final String FILE_PORT = "pcap:";
  private static final int MOST_WORKERS = 64;
  private static final int LEAST_FLOWS = 16;
  private static final int MOST_FLOWS = 100_000_000;

  /**
   * A flag of {@code run} that takes a value.
   *
   * @param kept survives in the home
   */
  record Flag(String name, String value, String otherwise, boolean kept, String description) {
    String option() {
      return "--" + name;
    }
  }

  /** All flags with values. A default of null: none. */
  static final List<Flag> FLAGS = List.of(
      new Flag("name", "N", "vnf1", true, "Name of the instance, default vnf1."),
      new Flag("nf", "TYPE", "monitor", true,
          "Network function: " + String.join(", ", Catalog.FUNCTIONS.keySet()) + "; default monitor."),
      new Flag("home", "DIR", null, false, "Folder of keys, configuration and state, default var/<name>."),
      new Flag("address", "A", "127.0.0.1", true, "Address it listens on, default 127.0.0.1."),
      new Flag("netconf-port", "P", "2830", true, "TCP port of NETCONF over SSH, default 2830; 0 picks a free one."),
      new Flag("tls-port", "P", null, true, "TCP port of NETCONF over TLS; default: no TLS."),
      new Flag("snmp-port", "P", "1161", true, "UDP port of the SNMP agent, default 1161."),
      new Flag("data-port", "P", "4790", true, "UDP port for VXLAN-GPE packets, default 4790."),
      new Flag("peer-port", "P", "4791", true, "TCP port for other NFs, default 4791."),
      new Flag("metrics-port", "P", "9464", true, "TCP port of the metrics page, default 9464."),
      new Flag("ingress", "PORT", null, true,
          "Packet port to take from besides the data port, may be repeated: if:NAME, tun:NAME, pcap:FILE, udp:HOST:PORT."),
      new Flag("egress", "PORT", null, true,
          "Packet port for what leaves the chain: if:NAME, tun:NAME, pcap:FILE, udp:HOST:PORT (VXLAN-GPE); default: it is dropped. What comes in at an if: or tun: egress leaves by the ingress."),
      new Flag("fabric", "PORT", null, true,
          "Interface on the Ethernet of the next hops, if:NAME: for chains by NSH, MPLS, VLAN tags or GRE over it."),
      new Flag("user", "NAME", "admin", true, "The first user, who may do everything; default admin."),
      new Flag("authorized-keys", "FILE", null, true, "Public keys of that user."),
      new Flag("trust", "DIR", null, true,
          "Folder of a certificate authority that peers share; made if it is not there."),
      new Flag("yang-path", "DIR", null, true, "Folder with more YANG modules."),
      new Flag("durability", "MODE", "sync", true,
          "sync: what was confirmed is on disk (default); batched: a moment later."),
      new Flag("workers", "N", "1", true, "Worker threads, default 1."),
      new Flag("max-flows", "N", "1000000", true, "Most flows, default 1000000."));

  private Bootstrap() {
  }

  /**
   * The settings by what was {@code given} on the command line (name of flag to values), over what the home keeps, over
   * the defaults. What replaces a kept value is added to {@code notices}.
   */
  static Settings settings(Map<String, List<String>> given, boolean untilEnd, boolean evictIdle, List<String> notices)
      throws Command.UsageException, StartException {
    var name = given.getOrDefault("name", List.of("vnf1")).getFirst();
    if (!name.matches(NAME)) {
      throw new Command.UsageException("--name takes letters, digits, '_', '.' and '-', not '" + name + "'");
    }
    for (var flag : given.entrySet()) {
      if (flag.getValue().contains("")) {
        throw new Command.UsageException("--" + flag.getKey() + " takes a value, not ''");
      }
    }
    var home = Path.of(given.getOrDefault("home", List.of("var/" + name)).getFirst());
    var kept = read(home);
    var values = new LinkedHashMap<String, List<String>>();
    for (var flag : FLAGS) {
      var now = given.get(flag.name);
      var before = kept.get(flag.name);
      if (now != null && before != null && !now.equals(before)) {
        notices.add(flag.option() + " " + String.join(" ", now) + " replaces the stored " + String.join(" ", before)
            + " for this run");
      }
      put(values, flag, now != null ? now : before);
    }
    try {
      return made(values, home, untilEnd, evictIdle);
    } catch (Command.UsageException wrong) {
      if (!kept.isEmpty() && isValid(given, home, untilEnd, evictIdle)) {
        throw corrupt(home.resolve(FILE), wrong.getMessage(), wrong);
      }
      throw wrong;
    }
  }

  private static void put(Map<String, List<String>> values, Flag flag, List<String> value) {
    if (value != null) {
      values.put(flag.name, value);
    } else if (flag.otherwise != null) {
      values.put(flag.name, List.of(flag.otherwise));
    }
  }

  /** Whether what was given on the command line is right by itself. */
  private static boolean isValid(Map<String, List<String>> given, Path home, boolean untilEnd, boolean evictIdle) {
    var values = new LinkedHashMap<String, List<String>>();
    FLAGS.forEach(flag -> put(values, flag, given.get(flag.name)));
    try {
      made(values, home, untilEnd, evictIdle);
      return true;
    } catch (Command.UsageException wrong) {
      return false;
    }
  }

  private static Settings made(Map<String, List<String>> values, Path home, boolean untilEnd, boolean evictIdle)
      throws Command.UsageException {
    var tls = values.containsKey("tls-port") ? Optional.of(port(values, "tls-port")) : Optional.<Integer>empty();
    var durability = values.get("durability").getFirst();
    if (!durability.equals("sync") && !durability.equals("batched")) {
      throw new Command.UsageException("--durability takes sync or batched, not '" + durability + "'");
    }
    var function = values.get("nf").getFirst();
    if (!Catalog.FUNCTIONS.containsKey(function)) {
      throw new Command.UsageException("unknown network function '" + function + "'; --nf takes one of "
          + String.join(", ", Catalog.FUNCTIONS.keySet()));
    }
    var ingress = values.getOrDefault("ingress", List.of());
    if (untilEnd && ingress.stream().noneMatch(port -> port.startsWith(FILE_PORT))) {
      throw new Command.UsageException("--until-end needs an --ingress pcap:FILE that can end");
    }
    return new Settings(values.get("name").getFirst(), function, home, address(values),
        port(values, "netconf-port"), tls, port(values, "snmp-port"), port(values, "data-port"),
        port(values, "peer-port"), port(values, "metrics-port"), ingress, first(values, "egress"),
        first(values, "fabric"),
        values.get("user").getFirst(), first(values, "authorized-keys").map(Path::of),
        first(values, "trust").map(Path::of), first(values, "yang-path").map(Path::of), durability, untilEnd,
        number(values, "workers", 1, MOST_WORKERS), number(values, "max-flows", LEAST_FLOWS, MOST_FLOWS), evictIdle);
  }

  private static Optional<String> first(Map<String, List<String>> values, String flag) {
    return Optional.ofNullable(values.get(flag)).map(List::getFirst);
  }

  /** In numbers: that is what the configuration and other NFs take. */
  private static String address(Map<String, List<String>> values) throws Command.UsageException {
    var host = values.get("address").getFirst();
    try {
      return InetAddress.getByName(host).getHostAddress();
    } catch (UnknownHostException unknown) {
      throw new Command.UsageException("unknown host '" + host + "'; correct --address");
    }
  }

  private static int port(Map<String, List<String>> values, String flag) throws Command.UsageException {
    return number(values, flag, 0, 65_535);
  }

  private static int number(Map<String, List<String>> values, String flag, int from, int to)
      throws Command.UsageException {
    return Command.number("--" + flag, values.get(flag).getFirst(), from, to);
  }

  private static Map<String, List<String>> read(Path home) throws StartException {
    var file = home.resolve(FILE);
    var properties = new Properties();
    try (Reader in = Files.exists(file) ? Files.newBufferedReader(file) : new StringReader("")) {
      properties.load(in);
    } catch (IOException unreadable) {
      throw corrupt(file, Reason.of(unreadable), unreadable);
    } catch (IllegalArgumentException corrupt) {
      throw corrupt(file, String.valueOf(corrupt.getMessage()), corrupt);
    }
    var kept = new LinkedHashMap<String, List<String>>();
    for (var name : properties.stringPropertyNames()) {
      if (FLAGS.stream().noneMatch(flag -> flag.kept && flag.name.equals(name))) {
        throw corrupt(file, "unknown setting '" + name + "'", null);
      }
      kept.put(name, List.of(properties.getProperty(name).split("\n")));
    }
    return kept;
  }

  private static StartException corrupt(Path file, String why, Throwable cause) {
    return new StartException(
        "cannot read " + file + " (" + why + "); correct it, or remove it and give the flags again",
        false, cause);
  }

  /** Keeps the settings of a first start in the home; does nothing if some are kept already. */
  static void keep(Settings settings, Map<String, List<String>> given) throws StartException {
    if (Files.exists(settings.home().resolve(FILE))) {
      return;
    }
    var kept = new TreeMap<String, String>();
    for (var flag : FLAGS) {
      if (flag.kept && given.containsKey(flag.name)) {
        kept.put(flag.name, String.join("\n", given.get(flag.name)));
      }
    }
    kept.putIfAbsent("name", settings.name());
    kept.putIfAbsent("nf", settings.function());
    write(settings.home(), kept);
  }

  /** The configuration changed from one to another, both as flags: the next start goes by it, unless told otherwise. */
  static void changed(Path home, Map<String, String> from, Map<String, String> to) throws StartException {
    if (from.equals(to)) {
      return;
    }
    var kept = new TreeMap<String, String>();
    read(home).forEach((name, values) -> kept.put(name, String.join("\n", values)));
    for (var flag : FLAGS) {
      var now = to.get(flag.name);
      if (!java.util.Objects.equals(from.get(flag.name), now)) {
        if (now == null) {
          kept.remove(flag.name);
        } else {
          kept.put(flag.name, now);
        }
      }
    }
    write(home, kept);
  }

  private static void write(Path home, Map<String, String> kept) throws StartException {
    var file = home.resolve(FILE);
    var lines = new StringBuilder(
        "# What this instance starts with. Flags of ./southbound run override it, edits of its configuration change it.\n");
    kept.forEach((name, value) -> lines.append(name).append('=')
        .append(value.replace("\\", "\\\\").replace("\n", "\\n")).append('\n'));
    var fresh = file.resolveSibling(FILE + ".new");
    try {
      Files.createDirectories(home);
      Files.writeString(fresh, lines);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException failure) {
      throw new StartException(
          "cannot write " + file + " (" + Reason.of(failure) + "); name another folder by --home",
          false, failure);
    }
  }

  /** Flags that were given, with their values; paths made absolute, so that they hold wherever the next start is. */
  static Map<String, List<String>> given(picocli.CommandLine.ParseResult arguments) {
    var given = new LinkedHashMap<String, List<String>>();
    for (var flag : FLAGS) {
      if (arguments.hasMatchedOption(flag.option())) {
        var values = new ArrayList<String>();
        for (var value : arguments.matchedOption(flag.option()).stringValues()) {
          values.add(absolute(flag, value));
        }
        given.put(flag.name, values);
      }
    }
    return given;
  }

  private static String absolute(Flag flag, String value) {
    var scheme = flag.value.equals("PORT") && value.startsWith(FILE_PORT) ? FILE_PORT : "";
    boolean path = flag.value.equals("DIR") && flag.kept || flag.value.equals("FILE") || !scheme.isEmpty();
    var name = value.substring(scheme.length());
    return !path || name.isEmpty() ? value : scheme + Path.of(name).toAbsolutePath().normalize();
  }
}
