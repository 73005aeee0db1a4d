// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.access;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Tree;
import org.southbound.netconf.schema.Schema;

/** {@code /nacm} as it is at one time, compiled. Immutable but for the rights of users, which are kept once worked out. */
final class Rules {
  private record RuleList(Set<String> groups, List<Rule> rules) {
    boolean isFor(Set<String> memberships) {
      return groups.contains("*") || memberships.stream().anyMatch(groups::contains);
    }
  }

  private final Schema schema;
  private final boolean enabled;
  private final boolean externalGroups;
  private final Rights.Defaults defaults;
  private final Map<String, Set<String>> groupsOf = new HashMap<>();
  private final List<RuleList> lists = new ArrayList<>();
  private final Map<User, Rights> rights = new ConcurrentHashMap<>();

  private Rules(Schema schema, boolean enabled, boolean externalGroups, Rights.Defaults defaults) {
    this.schema = schema;
    this.enabled = enabled;
    this.externalGroups = externalGroups;
    this.defaults = defaults;
  }

  /** Without ietf-netconf-acm: its defaults. */
  static Rules none(Schema schema) {
    return new Rules(schema, true, true, new Rights.Defaults(true, false, true));
  }

  /** Throws invalid-value for a rule that cannot mean anything. */
  static Rules read(Tree nacm) throws NetconfException {
    var made = new Rules(nacm.node().schema(), nacm.flag("enable-nacm"), nacm.flag("enable-external-groups"),
        new Rights.Defaults(permits(nacm, "read-default"), permits(nacm, "write-default"),
            permits(nacm, "exec-default")));
    for (Tree group : nacm.child("groups").list("group")) {
      for (String user : group.texts("user-name")) {
        made.groupsOf.computeIfAbsent(user, k -> new HashSet<>()).add(group.text("name"));
      }
    }
    for (Tree list : nacm.list("rule-list")) {
      var rules = new ArrayList<Rule>();
      for (Tree rule : list.list("rule")) {
        rules.add(Rule.read(rule, "/ietf-netconf-acm:nacm/ietf-netconf-acm:rule-list[ietf-netconf-acm:name='"
            + list.text("name") + "']/ietf-netconf-acm:rule[ietf-netconf-acm:name='" + rule.text("name")
            + "']/ietf-netconf-acm:path"));
      }
      made.lists.add(new RuleList(Set.copyOf(list.texts("group")), rules));
    }
    return made;
  }

  private static boolean permits(Tree nacm, String leaf) {
    return nacm.text(leaf).equals("permit");
  }

  /** What the user may do; null: everything. */
  Rights of(User user) {
    if (!enabled || user.recovery()) {
      return null;
    }
    Rights known = rights.get(user);
    if (known == null) {
      known = work(user);
      rights.put(user, known);
    }
    return known;
  }

  private Rights work(User user) {
    var groups = new HashSet<>(groupsOf.getOrDefault(user.name(), Set.of()));
    if (externalGroups) {
      groups.addAll(user.groups());
    }
    var rules = new ArrayList<Rule>();
    if (!groups.isEmpty()) { // RFC 8341 section 3.4.4: without a group no rule is looked at
      lists.stream().filter(each -> each.isFor(groups)).forEach(each -> rules.addAll(each.rules));
    }
    return new Rights(schema, user.name(), List.copyOf(rules), defaults);
  }
}
