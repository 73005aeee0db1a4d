// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.southbound.chain.ChainingProtocol;
import org.southbound.chain.FlowTags;
import org.southbound.chain.Gre;
import org.southbound.chain.IpInIp;
import org.southbound.chain.Link;
import org.southbound.chain.MacRewrite;
import org.southbound.chain.Mpls;
import org.southbound.chain.NshEthernet;
import org.southbound.chain.NshVxlanGpe;
import org.southbound.chain.VlanTag;
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

  /** Chaining protocols, preferred first: those over UDP, and where an instance is on a fabric those over Ethernet. */
  public static List<ChainingProtocol> protocols(Optional<Link> fabric) {
    var protocols = new ArrayList<ChainingProtocol>();
    protocols.add(new NshVxlanGpe());
    fabric.ifPresent(self -> {
      protocols.add(new NshEthernet(self));
      protocols.add(new Gre(self));
      protocols.add(new Mpls(self));
      protocols.add(new VlanTag());
      protocols.add(new IpInIp(self));
      protocols.add(new FlowTags(self));
      protocols.add(new MacRewrite(self));
    });
    return protocols;
  }

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
