// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.util.List;
import java.util.UUID;
import org.southbound.chain.ControlFrame;
import org.southbound.classifier.NextHop;
import org.southbound.classifier.Path;
import org.southbound.flow.FlowSpace;

/**
 * markLastInTransit (the paper's section 4.2): a frame that follows the last packet of a scope on its old way. It is a
 * packet of its own, since which packet was the last is known only afterwards; it keeps its place behind it.
 */
final class Marks {
  private Marks() {
  }

  /**
   * Sends a mark to {@code from} along each path, behind all that went there before. Returns how many.
   *
   * @param attempt which time the mark is asked for
   */
  static int send(Dataplane dataplane, List<Path> paths, NextHop from, UUID marker, int attempt, FlowSpace scope) {
    var text = scope.toString();
    return dataplane.each(worker -> {
      int sent = 0;
      for (var path : paths) {
        var packet = worker.controlFrame();
        if (packet != null) {
          ControlFrame.write(packet, ControlFrame.MARK, marker, attempt, text);
          worker.sendControl(packet, path, from);
          sent++;
        }
      }
      return sent;
    }).stream().mapToInt(Integer::intValue).sum();
  }
}
