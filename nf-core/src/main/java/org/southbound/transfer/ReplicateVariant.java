// SPDX-License-Identifier: Apache-2.0
package org.southbound.transfer;

import java.util.Map;

/** A mechanism of replicate (the paper's section 4.2): when the standby hears what has changed. Stateless. */
public interface ReplicateVariant {
  /** Name, as in getVariants. */
  String name();

  /** What it does, keeps and may lose, in one sentence. */
  String description();

  /** Names of the options that it takes. */
  java.util.Set<String> options();

  /** Microseconds between two updates, with these options. Throws IllegalArgumentException with a reason. */
  long intervalMicros(Map<String, String> options);
}
