// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import org.southbound.flow.FlowSpace;

/**
 * What an NF implements besides {@link NetworkFunction} if it changes fields that scopes match, as a NAT its addresses. When
 * a chain is set up through it, the NFs behind are told the scope that it names.
 */
public interface ScopeTranslation {
  /**
   * What packets of a scope look like behind this NF, by the configuration in force. A scope that is none behind it is
   * widened, never narrowed. A scope of both directions is a connection's: it stands for its packets that take the path. Any
   * thread.
   *
   * @throws org.southbound.flow.ScopeException no packet of the scope can pass
   */
  FlowSpace leaving(FlowSpace arriving);
}
