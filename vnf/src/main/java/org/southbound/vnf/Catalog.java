// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.southbound.chain.ChainingProtocol;
import org.southbound.chain.NshVxlanGpe;
import org.southbound.nf.Firewall;
import org.southbound.nf.Monitor;
import org.southbound.nf.Nat;
import org.southbound.nf.NetworkFunction;
import org.southbound.transfer.Copy;
import org.southbound.transfer.Interval;
import org.southbound.transfer.LossFree;
import org.southbound.transfer.ReplicateVariant;
import org.southbound.transfer.TransferVariant;

/** All there is to choose from: a new network function, protocol or variant is one file and one line here. */
public final class Catalog {
  /** Network functions by type. */
  public static final Map<String, Supplier<NetworkFunction>> FUNCTIONS = functions();

  /** Chaining protocols, preferred first. */
  public static final List<ChainingProtocol> PROTOCOLS = List.of(new NshVxlanGpe());

  /** Variants of transfer. */
  public static final List<TransferVariant> TRANSFERS = List.of(new Copy(), new LossFree());

  /** Variants of replicate. */
  public static final List<ReplicateVariant> REPLICATIONS = List.of(new Interval());

  private Catalog() {}

  private static Map<String, Supplier<NetworkFunction>> functions() {
    var functions = new LinkedHashMap<String, Supplier<NetworkFunction>>();
    functions.put("monitor", Monitor::new);
    functions.put("firewall", Firewall::new);
    functions.put("nat", Nat::new);
    return functions;
  }
}
