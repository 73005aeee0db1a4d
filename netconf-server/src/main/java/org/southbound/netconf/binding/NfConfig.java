// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.ConfigSubscriber;
import org.southbound.netconf.schema.YangNode;
import org.southbound.nf.Config;

/** Hands the network function its part of the configuration, and the instance its peers and users. */
final class NfConfig implements ConfigSubscriber {
  private final VnfApi vnf;
  private final YangNode nfNode;
  private final Consumer<Config> instance;
  private final Consumer<Map<String, Endpoint>> peers;
  private final String type;
  private Config function = Config.EMPTY;
  private Config preparedFunction = Config.EMPTY;
  private Config preparedNf = Config.EMPTY;
  private Runnable step = () -> {
  };

  /**
   * A subscriber.
   *
   * @param instance takes the whole configuration of the instance once it is in force
   * @param peers takes the peers that the configuration names, with their addresses
   */
  NfConfig(VnfApi vnf, YangNode nfNode, Consumer<Config> instance, Consumer<Map<String, Endpoint>> peers) {
    this.vnf = vnf;
    this.nfNode = nfNode;
    this.instance = instance;
    this.peers = peers;
    this.type = vnf.specification().type();
  }

  @Override
  public List<YangNode> parts() {
    return List.of(nfNode);
  }

  @Override
  public void prepare(ContainerNode before, ContainerNode after) throws NetconfException {
    var nf = (DataContainerNode) YangNode.find(after, nfNode);
    var was = configuredType(before);
    var now = configuredType(after);
    if (was != null && now != null && !was.equals(now)) {
      throw NetconfException.of(ErrorTag.INVALID_VALUE, "The type of an instance is fixed: start another with --nf.")
          .appTag("southbound:type-mismatch").at("/southbound-nf:nf/southbound-nf:type");
    }
    preparedNf = ConfigTree.of(nfNode, nf);
    preparedFunction = function(nf);
    step = () -> {
    };
    if (!preparedFunction.equals(function)) {
      try {
        step = vnf.configure(preparedFunction);
      } catch (ApiException refusal) {
        throw VnfBinding.Errors.of(refusal, "/southbound-nf:nf/southbound-nf:function/southbound-nf:" + type);
      }
    }
  }

  private Object configuredType(ContainerNode tree) {
    var nf = (DataContainerNode) YangNode.find(tree, nfNode);
    var leaf = nf == null ? null : YangNode.find(nf, nfNode.child("type"));
    return leaf == null ? null : leaf.body();
  }

  /** The container below {@code function} that is called as the type, or that a vendor's module put there. */
  private Config function(DataContainerNode nf) {
    var functionNode = nfNode.child("function");
    var all = nf == null ? null : (DataContainerNode) YangNode.find(nf, functionNode);
    for (var child : functionNode.children()) {
      if (child.localName().equals(type)) {
        return ConfigTree.of(child, all == null ? null : (DataContainerNode) YangNode.find(all, child));
      }
    }
    for (var child : functionNode.children()) {
      if (all != null && YangNode.find(all, child) instanceof DataContainerNode found) {
        return ConfigTree.of(child, found);
      }
    }
    return Config.EMPTY;
  }

  @Override
  public void apply() {
    step.run();
    function = preparedFunction;
    var named = new LinkedHashMap<String, Endpoint>();
    for (var peer : preparedNf.list("peer")) {
      named.put(peer.leaf("name", ""), new Endpoint(peer.leaf("name", ""), peer.leaf("host", ""),
          (int) peer.number("data-port", 4790), (int) peer.number("peer-port", 4791)));
    }
    peers.accept(named);
    instance.accept(preparedNf);
  }

  @Override
  public void rollback() {
    step = () -> {
    };
  }
}
