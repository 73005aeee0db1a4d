// SPDX-License-Identifier: Apache-2.0
package org.southbound.transfer;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.southbound.peer.PeerException;

/** A mechanism of transfer (the paper's section 4.2, operation variants): which steps, in which order. Stateless. */
public interface TransferVariant {
  /** Name, as in getVariants. */
  String name();

  /** What it does, keeps and may lose, in one sentence. */
  String description();

  /** Whether the destination holds the scope's packets until it owns the scope and has heard the marks. */
  boolean destinationHolds();

  /** Variants by their names, in order. */
  static Map<String, TransferVariant> byName(List<TransferVariant> variants) {
    var result = new LinkedHashMap<String, TransferVariant>();
    variants.forEach(variant -> result.put(variant.name(), variant));
    return result;
  }

  /** Carries a transfer through, on the source. Returns when it is complete. */
  void run(Source source) throws PeerException, CancelledException;

  /** The steps that a variant can take. Each throws if it failed; the source is in charge until ownership was given. */
  interface Source {
    /** The destination checks what will come and makes room. */
    void prepare() throws PeerException, CancelledException;

    /** From now on the scope's packets wait here. */
    void hold() throws CancelledException;

    /** Sends the scope's records; returns when the destination has them all. */
    void copyState() throws PeerException, CancelledException;

    /** The one step at which ownership changes: returns when the destination is in charge. */
    void giveOwnership() throws PeerException, CancelledException;

    /** What waited, and what still arrives, goes to the new owner; the records here are removed. */
    void redirect();

    /** Waits until the destination has processed all that came the old way. */
    void awaitDrained() throws PeerException;
  }

  /** Somebody cancelled the job. */
  final class CancelledException extends Exception {
    private static final long serialVersionUID = 1L;
  }
}
