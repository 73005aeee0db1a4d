// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.southbound.api.VnfApi.Ownership;
import org.southbound.flow.FlowSpace;

/** Who owns which scope, and by which epoch. What is not listed belongs to this NF, by epoch 0. Any thread. */
final class Ownerships {
  private record Entry(String id, FlowSpace scope, String owner, long epoch, String role, Instant since,
      AtomicLong stale) {
  }

  private final List<Entry> entries = new ArrayList<>();
  private int numbers;

  /** The highest epoch known of any part of the scope. */
  synchronized long epoch(FlowSpace scope) {
    return entries.stream().filter(entry -> entry.scope.overlaps(scope)).mapToLong(Entry::epoch).max().orElse(0);
  }

  /** Whether this NF owns the whole scope: the newest word on every part of it. */
  synchronized boolean owns(FlowSpace scope) {
    return blocking(scope) == null;
  }

  /** Who else owns a part of the scope, or null. */
  synchronized String otherOwner(FlowSpace scope) {
    var entry = blocking(scope);
    return entry == null ? null : entry.owner;
  }

  /** To whom this NF gave the whole scope, or null. */
  synchronized String givenTo(FlowSpace scope) {
    for (var entry : entries) {
      if (entry.scope.overlaps(scope)) {
        return entry.role.equals("forwarding") && entry.scope.contains(scope) ? entry.owner : null;
      }
    }
    return null;
  }

  /** The other NFs that own a part of the scope, or took it over. */
  synchronized List<String> otherOwners(FlowSpace scope) {
    return entries.stream().filter(entry -> !entry.role.equals("active") && entry.scope.overlaps(scope))
        .map(Entry::owner).distinct().toList();
  }

  private Entry blocking(FlowSpace scope) {
    // The newest first; one that covers the scope ends the search.
    for (var entry : entries) {
      if (entry.scope.overlaps(scope)) {
        if (!entry.role.equals("active")) {
          return entry;
        }
        if (entry.scope.contains(scope)) {
          return null;
        }
      }
    }
    return null;
  }

  /** The scope has another owner, or this NF another role for it. */
  synchronized void set(FlowSpace scope, String owner, long epoch, String role) {
    entries.removeIf(entry -> scope.contains(entry.scope));
    entries.addFirst(new Entry("o" + ++numbers, scope, owner, epoch, role, Instant.now(), new AtomicLong()));
  }

  /** An update for the scope was refused because it was old. */
  synchronized void stale(FlowSpace scope) {
    entries.stream().filter(entry -> entry.scope.overlaps(scope)).findFirst()
        .ifPresent(entry -> entry.stale.incrementAndGet());
  }

  synchronized List<Ownership> list() {
    return entries.stream().map(entry -> new Ownership(entry.id, entry.scope, entry.owner, entry.epoch, entry.role,
        entry.since, entry.stale.get())).toList();
  }
}
