// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.zip.CRC32;
import org.southbound.flow.FlowSpace;
import org.southbound.metrics.Counter;
import org.southbound.nf.Specification.Context;
import org.southbound.packet.Packet;
import org.southbound.packet.Protocol;

/**
 * The firewall's rules at one moment, sorted by protocol, so that a new flow is compared with those only that may match
 * it. Immutable but for the counters.
 */
final class FirewallRules {
  /** What becomes of a packet. */
  enum Action {
    ACCEPT, DROP, REJECT
  }

  /**
   * A rule.
   *
   * @param scope flows, in the direction of the packet that opens the flow
   * @param labels any of these is on the packet; empty: not looked at
   * @param contexts per context of the specification a bit for each value that matches; 0: not looked at
   * @param ingress any of these ports; empty: not looked at
   * @param lifetimeMillis out of force after that time; 0: never
   * @param expiresMillis when, on the worker's clock; 0: never, or not yet begun
   * @param packets packets it decided on; written by the worker
   */
  record Rule(String name, FlowSpace scope, List<Integer> labels, List<Long> contexts, List<String> ingress,
      Action action, long lifetimeMillis, long expiresMillis, Counter packets) {

    /** Whether packets of one flow may differ in whether they match. */
    boolean byLabel() {
      return scope.label() != 0 || !labels.isEmpty() || contexts.stream().anyMatch(bits -> bits != 0);
    }

    /** What the rule says, without what it counts. */
    String text() {
      return name + ' ' + scope + ' ' + labels + contexts + ingress + action.name() + lifetimeMillis;
    }
  }

  /** No rule at all: everything is dropped. */
  static final FirewallRules NONE = new FirewallRules(List.of(), Action.DROP);

  private static final int CLASSES = 10;

  private final List<Rule> rules;
  private final Action otherwise;
  /** Changes with what the rules say, the same in every process: flows carry it, also to another instance. */
  private final int fingerprint;
  private final boolean byLabel;
  private final Compiled[][] byClass = new Compiled[CLASSES][];
  /** The rules up to the last that denies by label: for packets of known flows. */
  private final Compiled[][] perPacket = new Compiled[CLASSES][];

  /** A rule with arrays in place of lists, so that a packet is compared without allocation. */
  private static final class Compiled {
    final Rule rule;
    final FlowSpace scope;
    final boolean everything;
    final boolean byLabel;
    final int[] labels;
    final long[] contexts;
    int[] ports;

    Compiled(Rule rule) {
      this.rule = rule;
      this.scope = rule.scope;
      this.everything = rule.scope.direction(FlowSpace.Direction.BOTH).equals(FlowSpace.EVERYTHING);
      this.byLabel = rule.byLabel();
      this.labels = rule.labels.stream().mapToInt(Integer::intValue).toArray();
      this.contexts = rule.contexts.stream().mapToLong(Long::longValue).toArray();
      this.ports = new int[0];
    }
  }

  FirewallRules(List<Rule> rules, Action otherwise) {
    this.rules = List.copyOf(rules);
    this.otherwise = otherwise;
    var compiled = rules.stream().map(Compiled::new).toList();
    int lastDenial = -1;
    boolean anyByLabel = false;
    for (int i = 0; i < compiled.size(); i++) {
      var rule = compiled.get(i);
      anyByLabel |= rule.byLabel;
      if (rule.byLabel && rule.rule.action != Action.ACCEPT) {
        lastDenial = i;
      }
    }
    byLabel = anyByLabel;
    for (int i = 0; i < CLASSES; i++) {
      int number = i;
      byClass[i] = compiled.stream().filter(rule -> mayMatch(rule.scope, number)).toArray(Compiled[]::new);
      perPacket[i] = compiled.subList(0, lastDenial + 1).stream().filter(rule -> mayMatch(rule.scope, number))
          .toArray(Compiled[]::new);
    }
    var crc = new CRC32();
    rules.forEach(rule -> crc.update((rule.text() + '\n').getBytes(StandardCharsets.UTF_8)));
    crc.update(otherwise.name().getBytes(StandardCharsets.UTF_8));
    fingerprint = (int) crc.getValue();
  }

  private static boolean mayMatch(FlowSpace scope, int number) {
    int version = number < CLASSES / 2 ? 4 : 6;
    return (scope.ipVersion() == 0 || scope.ipVersion() == version)
        && (scope.protocol() == FlowSpace.ANY || classOf(version, scope.protocol()) == number);
  }

  private static int classOf(int ipVersion, int protocol) {
    int kind = switch (protocol) {
      case Protocol.TCP -> 0;
      case Protocol.UDP -> 1;
      case Protocol.ICMP -> 2;
      case Protocol.ICMPV6 -> 3;
      default -> 4;
    };
    return ipVersion == 4 ? kind : kind + CLASSES / 2;
  }

  // ---- decisions

  /** What becomes of a flow that the packet would open; the deciding rule has counted it. */
  Action decide(Packet packet, Services services) {
    var rule = first(byClass[classOf(packet.ipVersion(), packet.protocol())], packet, services);
    return rule == null ? otherwise : decided(rule);
  }

  /**
   * Whether a packet of a known flow is denied by its labels: the first rule that matches it does so. A rule that does not
   * look at labels has had its say when the flow began; before a denial by label it protects.
   */
  Action decideByLabel(Packet packet, Services services) {
    var rule = first(perPacket[classOf(packet.ipVersion(), packet.protocol())], packet, services);
    return rule == null || !rule.byLabel || rule.rule.action == Action.ACCEPT ? Action.ACCEPT : decided(rule);
  }

  private static Action decided(Compiled rule) {
    rule.rule.packets.add(1);
    return rule.rule.action;
  }

  private static Compiled first(Compiled[] candidates, Packet packet, Services services) {
    for (var candidate : candidates) {
      if (matches(candidate, packet, services)) {
        return candidate;
      }
    }
    return null;
  }

  private static boolean matches(Compiled rule, Packet packet, Services services) {
    if (!rule.everything && !rule.scope.matches(packet)) {
      return false;
    }
    if (rule.labels.length > 0 && !hasAny(packet, rule.labels)) {
      return false;
    }
    if (rule.ports.length > 0 && !contains(rule.ports, packet.ingress)) {
      return false;
    }
    for (int i = 0; i < rule.contexts.length; i++) {
      if (rule.contexts[i] != 0) {
        int value = services.consume(packet, i);
        if (value < 0 || (rule.contexts[i] >>> value & 1) == 0) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean hasAny(Packet packet, int[] labels) {
    for (int label : labels) {
      if (packet.has(label)) {
        return true;
      }
    }
    return false;
  }

  private static boolean contains(int[] numbers, int number) {
    for (int each : numbers) {
      if (each == number) {
        return true;
      }
    }
    return false;
  }

  // ---- what they are

  List<Rule> rules() {
    return rules;
  }

  int fingerprint() {
    return fingerprint;
  }

  /** Whether known flows' packets must be looked at one by one. */
  boolean perPacket() {
    for (var some : perPacket) {
      if (some.length > 0) {
        return true;
      }
    }
    return false;
  }

  /** Whether a decision depends on labels. */
  boolean byLabel() {
    return byLabel;
  }

  // ---- on the worker

  /**
   * These rules in force from now on: ports have their numbers, lifetimes run, and rules that say what they said before
   * count on, and do not live longer.
   */
  FirewallRules inForce(FirewallRules before, Services services) {
    var result = new ArrayList<Rule>();
    for (var rule : rules) {
      var known = before.rules.stream().filter(old -> old.text().equals(rule.text())).findFirst();
      long expires = known.map(Rule::expiresMillis)
          .orElse(rule.lifetimeMillis == 0 ? 0 : services.nowMillis() + rule.lifetimeMillis);
      result.add(new Rule(rule.name, rule.scope, rule.labels, rule.contexts, rule.ingress, rule.action,
          rule.lifetimeMillis, expires, known.map(Rule::packets).orElse(rule.packets)));
    }
    return new FirewallRules(result, otherwise).ports(services);
  }

  /** The rules whose lifetime has not ended; this object if all of them. */
  FirewallRules at(long nowMillis, Services services) {
    var alive = rules.stream().filter(rule -> rule.expiresMillis == 0 || nowMillis < rule.expiresMillis).toList();
    return alive.size() == rules.size() ? this : new FirewallRules(alive, otherwise).ports(services);
  }

  private FirewallRules ports(Services services) {
    for (var some : byClass) {
      for (var rule : some) {
        rule.ports = rule.rule.ingress.stream().mapToInt(services::port).toArray();
      }
    }
    return this;
  }

  // ---- from configuration

  /** Reads the rules. Throws ConfigException for what contradicts itself or the contexts that the NF consumes. */
  static FirewallRules read(Config config, List<Context> contexts) throws ConfigException {
    var rules = new ArrayList<Rule>();
    var names = new HashSet<String>();
    for (var entry : config.list("rule")) {
      var name = entry.leaf("name", "");
      var path = "rule[name='" + name + "']";
      if (name.isEmpty() || !names.add(name)) {
        throw new ConfigException("southbound:bad-rule", path + "/name", "Give each rule a name of its own.");
      }
      if (entry.flag("enabled", true, path + "/")) {
        rules.add(rule(name, entry, contexts, path));
      }
    }
    return new FirewallRules(rules, action(config.leaf("default-action", "drop"), "default-action", false));
  }

  private static Rule rule(String name, Config entry, List<Context> contexts, String path) throws ConfigException {
    var match = entry.container("match");
    var labels = new ArrayList<Integer>();
    for (var text : match.leafList("label")) {
      labels.add((int) Config.number(text, 1, 0xffffff, path + "/match/label"));
    }
    var bits = new Long[contexts.size()];
    Arrays.fill(bits, 0L);
    for (var wanted : match.list("context")) {
      context(wanted, contexts, bits, path + "/match/context");
    }
    long lifetime = entry.number("lifetime", 0, 1, 0xffffffffL, path + "/") * 1000;
    return new Rule(name,
        ScopeConfig.read(match.container("scope"), path + "/match/scope", FlowSpace.Direction.FORWARD),
        List.copyOf(labels),
        List.of(bits), match.leafList("ingress"), action(entry.leaf("action", ""), path + "/action", true), lifetime, 0,
        new Counter());
  }

  private static void context(Config wanted, List<Context> contexts, Long[] bits, String path) throws ConfigException {
    var type = wanted.leaf("type", "");
    int i = 0;
    while (i < contexts.size() && !contexts.get(i).type().equals(type)) {
      i++;
    }
    var where = path + "[type='" + type + "']";
    if (i == contexts.size()) {
      throw new ConfigException("southbound:unknown-context", where, "The firewall consumes no context \"" + type
          + "\"; it knows " + contexts.stream().map(Context::type).toList() + ".");
    }
    var values = contexts.get(i).values().stream().map(Specification.Value::value).toList();
    for (var value : wanted.leafList("value")) {
      int index = values.indexOf(value);
      if (index < 0) {
        throw new ConfigException("southbound:unknown-context", where + "/value",
            "The context \"" + type + "\" has no value \"" + value + "\"; it has " + values + ".");
      }
      bits[i] |= 1L << index;
    }
    if (bits[i] == 0) {
      throw new ConfigException("southbound:unknown-context", where + "/value", "Name a value of \"" + type + "\".");
    }
  }

  private static Action action(String text, String path, boolean reject) throws ConfigException {
    if (text.equals("accept")) {
      return Action.ACCEPT;
    }
    if (text.equals("drop")) {
      return Action.DROP;
    }
    if (text.equals("reject") && reject) {
      return Action.REJECT;
    }
    throw new ConfigException("southbound:bad-rule", path,
        "An action is accept" + (reject ? ", drop or reject" : " or drop") + ", not \"" + text + "\".");
  }
}
