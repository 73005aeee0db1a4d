// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.ArrayList;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Datastores.Change;

/**
 * The shared candidate: the edits made on running, with the tree they lead to. When running changes under it, the edits are made
 * again on the new one; if they no longer fit, it is outdated until it is discarded. Changed under the writers' lock only; the
 * tree may be read at any time.
 */
// Trees share what did not change: the same object means the same content, without a look inside.
@SuppressWarnings("ReferenceEquality")
final class Candidate {
  /** Beyond that only the tree is kept, and a change of running makes it outdated. */
  private static final int MAX_EDITS = 100_000;

  private volatile ContainerNode tree;
  private ContainerNode base;
  private final ArrayList<Change> edits = new ArrayList<>();
  private NetconfException outdated;

  Candidate(ContainerNode running) {
    reset(running);
  }

  ContainerNode tree() {
    return tree;
  }

  boolean isChanged() { return tree != base; }

  /** Throws if running has changed so that the edits no longer fit. */
  void checkCurrent() throws NetconfException {
    if (outdated != null) {
      throw outdated;
    }
  }

  /** It is running again, without edits. */
  void reset(ContainerNode running) {
    tree = running;
    base = running;
    edits.clear();
    outdated = null;
  }

  void edit(Change change, ContainerNode after) {
    tree = after;
    if (edits.size() < MAX_EDITS) {
      edits.add(change);
    }
  }

  /** Running has changed under it. */
  void rebase(ContainerNode running) {
    if (edits.isEmpty() && outdated == null) {
      reset(running);
      return;
    }
    try {
      if (edits.size() >= MAX_EDITS) {
        throw NetconfException.of(ErrorTag.OPERATION_FAILED, "too many edits");
      }
      ContainerNode again = running;
      for (Change each : edits) {
        again = each.apply(again);
      }
      tree = again;
      base = running;
      outdated = null;
    } catch (NetconfException e) {
      outdated = NetconfException
          .of(ErrorTag.OPERATION_FAILED,
              "Running has changed since the candidate was edited, and the edits no longer fit: " + e.getMessage()
                  + " Discard the changes and edit again.")
          .appTag("candidate-outdated").at(e.path());
    }
  }
}
