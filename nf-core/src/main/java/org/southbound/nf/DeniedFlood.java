// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import org.southbound.flow.RecordTable;
import org.southbound.metrics.Counter;
import org.southbound.nf.Services.Alarm;
import org.southbound.nf.Specification.AlarmKind;
import org.southbound.packet.Packet;
import org.southbound.state.StateLayout;
import org.southbound.state.StateLayout.Kind;
import org.southbound.state.StateLayout.Merge;

/**
 * Watches for hosts that send many packets which are denied. Windows follow one another without overlap; the alarm clears
 * after a whole window below the threshold. Worker thread.
 */
final class DeniedFlood {
  static final StateLayout LAYOUT = StateLayout.of("denied-source", 1, Kind.MULTI_FLOW, Merge.SUM,
      "Per source host: denied, the packets dropped or rejected in the present window; raised, whether the alarm stands.",
      StateLayout.U32.withName("denied"), StateLayout.U32.withName("raised"));
  static final AlarmKind KIND = new AlarmKind("denied-flood", "major",
      "A source host's packets that were dropped or rejected within denied-flood-window reached denied-flood-threshold. "
          + "Clears after a whole window below the threshold.");

  private static final long DENIED = LAYOUT.offset("denied");
  private static final long RAISED = LAYOUT.offset("raised");
  /** Records that a tick looks at. */
  private static final int LOOKS = 256;

  private final Services services;
  private final HostRecords sources;
  private final Counter floods;
  private long threshold;
  private int windowMillis;
  private int next;
  private int standing;

  /** A watch whose gauge of alarms that stand is {@code floods}. */
  DeniedFlood(Services services, RecordTable table, Counter floods) {
    this.services = services;
    this.sources = new HostRecords(table);
    this.floods = floods;
  }

  /** Other limits; threshold 0: watch no more. */
  void limits(long threshold, int windowMillis) {
    this.threshold = threshold;
    this.windowMillis = windowMillis;
  }

  /** A packet was denied. */
  void denied(Packet packet, long nowMillis) {
    if (threshold == 0) {
      return;
    }
    long high = packet.reversed ? packet.k2 : packet.k0;
    long low = packet.reversed ? packet.k3 : packet.k1;
    if (!sources.at(high, low, packet.ipVersion(), nowMillis)) {
      return;
    }
    int age = sources.windowAge(nowMillis);
    if (age >= windowMillis) {
      clearIfCalm(age);
      sources.setInt(DENIED, 0);
      sources.beginWindow(nowMillis);
    }
    long count = sources.addInt(DENIED, 1) & 0xffffffffL;
    boolean raised = sources.getInt(RAISED) != 0;
    if (count >= threshold && !raised) {
      sources.setInt(RAISED, 1);
      floods.add(1);
      tell(count, false, count + " packets of " + sources.host() + " denied within " + windowMillis / 1000 + " s");
      raised = true;
    }
    sources.timeoutMillis(raised ? 0 : 2 * windowMillis);
    sources.changed();
  }

  /** Clears alarms of hosts that have gone quiet. */
  void tick(long nowMillis) {
    for (int i = 0; i < LOOKS; i++) {
      int id = sources.next(next);
      if (id < 0) {
        next = 0;
        floods.set(standing);
        standing = 0;
        return;
      }
      next = id + 1;
      if (sources.getInt(RAISED) != 0) {
        int age = sources.windowAge(nowMillis);
        if (age >= windowMillis) {
          clearIfCalm(age);
        }
        standing += sources.getInt(RAISED) != 0 ? 1 : 0;
      }
    }
  }

  /** A window has ended: clears the alarm if the host stayed below the threshold, in that window or in the next. */
  private void clearIfCalm(int age) {
    long count = sources.getInt(DENIED) & 0xffffffffL;
    if (sources.getInt(RAISED) != 0 && (count < threshold || threshold == 0 || age >= 2 * windowMillis)) {
      sources.setInt(RAISED, 0);
      sources.timeoutMillis(2 * windowMillis);
      sources.changed();
      floods.add(-1);
      tell(count, true, "fewer packets of " + sources.host() + " are denied");
    }
  }

  private void tell(long count, boolean cleared, String text) {
    services.alarm(new Alarm(KIND.kind(), KIND.severity(), sources.host(), count, cleared, text));
  }
}
