// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.opendaylight.yangtools.yang.data.api.schema.ContainerNode;
import org.opendaylight.yangtools.yang.data.api.schema.DataContainerNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi;
import org.southbound.api.VnfApi.Chain;
import org.southbound.api.VnfApi.ChainState;
import org.southbound.api.VnfApi.ChainUpdate;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.Translation;
import org.southbound.flow.FlowSpace;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.NetconfServer;
import org.southbound.netconf.datastore.ConfigSubscriber;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.Datastores.Writer;
import org.southbound.netconf.datastore.Draft;
import org.southbound.netconf.datastore.TreeBuilder;
import org.southbound.netconf.schema.YangNode;
import org.southbound.nf.Config;
import org.southbound.nf.ConfigException;
import org.southbound.nf.ScopeConfig;

/**
 * Keeps the chains of the running configuration in force. An RPC sets a chain up first and writes it down then; an edit
 * is written down first and set up in the background, again and again until all hops agree: a commit does not wait for
 * other machines.
 */
final class ChainConfig implements ConfigSubscriber, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ChainConfig.class);
  private static final long RECONCILE_MILLIS = 1000;
  private static final int REFRESH_ROUNDS = 5;

  private final VnfApi vnf;
  private final Datastores datastores;
  private final YangNode root;
  private final YangNode chainsNode;
  private final YangNode translationsNode;
  private final Map<String, String> errors = new ConcurrentHashMap<>();
  private final ScheduledExecutorService background = Executors.newSingleThreadScheduledExecutor(
      Thread.ofPlatform().daemon().name("chain-config").factory());
  private volatile Map<String, Chain> wanted = Map.of();
  private volatile Duration timeout = Duration.ofSeconds(30);
  private Map<String, Chain> prepared = Map.of();
  private List<Translation> preparedRules = List.of();
  private List<Translation> rules = List.of();
  private Duration preparedTimeout = timeout;
  private final AtomicInteger changing = new AtomicInteger(); // RPCs between a chain in force and a chain written down
  private int round;

  ChainConfig(NetconfServer server, VnfApi vnf) throws NetconfException {
    this.vnf = vnf;
    this.datastores = server.datastores();
    this.root = server.schema().root();
    this.chainsNode = server.schema().node("/southbound-chain:chains");
    this.translationsNode = server.schema().node("/southbound-chain:translations");
    datastores.subscribe(this);
    vnf.listen(event -> {
      if (event instanceof Event.ChainChanged changed && changed.change().equals("updated")) {
        background.execute(() -> writeDown(changed.name()));
      }
    });
    var _ = background.scheduleWithFixedDelay(this::reconcile, 0, RECONCILE_MILLIS, TimeUnit.MILLISECONDS);
  }

  // ---- the configuration's side

  @Override
  public List<YangNode> parts() {
    return List.of(chainsNode, translationsNode);
  }

  @Override
  public void prepare(ContainerNode before, ContainerNode after) throws NetconfException {
    var chains = ConfigTree.of(chainsNode, (DataContainerNode) YangNode.find(after, chainsNode));
    var all = new LinkedHashMap<String, Chain>();
    for (var entry : chains.list("chain")) {
      if (entry.flag("enabled", true) && !entry.leaf("role", "first").equals("continuation")) {
        all.put(entry.leaf("name", ""), read(entry));
      }
    }
    var translations = ConfigTree.of(translationsNode, (DataContainerNode) YangNode.find(after, translationsNode));
    var read = new ArrayList<Translation>();
    for (var rule : translations.list("rule")) {
      read.add(new Translation(rule.leaf("name", ""), rule.leaf("context-type", ""), rule.leaf("context-value", ""),
          (int) rule.number("label", 0), rule.leaf("direction", "produce").equals("produce"),
          Optional.ofNullable(rule.leaves().get("chain"))));
    }
    if (!read.equals(rules)) {
      try {
        vnf.translations(read);
      } catch (ApiException refusal) {
        throw VnfBinding.Errors.of(refusal, "/southbound-chain:translations");
      }
    }
    prepared = all;
    preparedRules = read;
    preparedTimeout = Duration.ofSeconds(chains.number("set-up-timeout", 30));
  }

  private static Chain read(Config entry) throws NetconfException {
    var base = "/southbound-chain:chains/southbound-chain:chain[southbound-chain:name='" + entry.leaf("name", "")
        + "']";
    try {
      return new Chain(entry.leaf("name", ""), entry.number("precedence", 0), entry.leaf("protocol", ""),
          ScopeConfig.read(entry.container("scope"), "scope", FlowSpace.Direction.BOTH), Rpc.hops(entry), false);
    } catch (ConfigException refusal) {
      throw VnfBinding.Errors.of(refusal, base);
    }
  }

  @Override
  public void apply() {
    wanted = prepared;
    rules = preparedRules;
    timeout = preparedTimeout;
    errors.keySet().retainAll(wanted.keySet());
    background.execute(this::reconcile);
  }

  @Override
  public void rollback() {
    try {
      vnf.translations(rules);
    } catch (ApiException impossible) {
      LOG.error("the former translation rules are refused: {}", impossible.getMessage());
    }
  }

  /** Brings the chains in force closer to those that are wanted. */
  private void reconcile() {
    var inForce = new LinkedHashMap<String, ChainState>();
    vnf.chains().stream().filter(state -> !state.chain().continuation())
        .forEach(state -> inForce.put(state.chain().name(), state));
    if (changing.get() > 0) {
      return;
    }
    // Read last: an RPC that put one of these chains in force has written it down by now.
    var goal = wanted;
    for (var state : inForce.values()) {
      if (!goal.containsKey(state.chain().name())) {
        attempt(state.chain().name(), () -> vnf.removeChain(state.chain().name()));
      }
    }
    for (var chain : goal.values()) {
      var present = inForce.get(chain.name());
      if (present == null) {
        attempt(chain.name(), () -> vnf.serviceChain(chain, timeout));
      } else if (!same(chain, present.chain())) {
        attempt(chain.name(), () -> vnf.serviceChainUpdate(new ChainUpdate(chain.name(), chain.precedence(),
            chain.protocol(), chain.scope(), chain.hops(), -1), timeout));
      } else if (round % REFRESH_ROUNDS == 0) {
        vnf.refreshChain(chain.name());
      }
    }
    round++;
  }

  private static boolean same(Chain a, Chain b) {
    return a.precedence() == b.precedence() && a.scope().equals(b.scope()) && a.hops().equals(b.hops());
  }

  private interface Step {
    void run() throws ApiException;
  }

  private void attempt(String chain, Step step) {
    try {
      step.run();
      errors.remove(chain);
    } catch (ApiException failure) {
      var before = errors.put(chain, failure.getMessage());
      if (!failure.getMessage().equals(before)) {
        LOG.warn("chain {} is not in force: {}", chain, failure.getMessage());
      }
    } catch (RuntimeException bug) {
      LOG.error("chain {} cannot be brought in force", chain, bug);
    }
  }

  /** Names of the chains that are configured. */
  Set<String> configured() {
    return wanted.keySet();
  }

  /** Why a configured chain is not in force; empty: it is. */
  String error(String chain) {
    return errors.getOrDefault(chain, "");
  }

  // ---- the RPCs' side

  ChainState setUp(Writer writer, Chain chain, Duration wait) throws ApiException, NetconfException {
    datastores.checkRunning(writer);
    changing.incrementAndGet();
    try {
      var state = vnf.serviceChain(chain, wait);
      try {
        write(writer, state.chain());
      } catch (NetconfException refused) {
        vnf.removeChain(state.chain().name());
        throw refused;
      }
      return state;
    } finally {
      changing.decrementAndGet();
    }
  }

  ChainState update(Writer writer, ChainUpdate update, Duration wait) throws ApiException, NetconfException {
    datastores.checkRunning(writer);
    changing.incrementAndGet();
    try {
      var state = vnf.serviceChainUpdate(update, wait);
      var name = state.chain().name();
      if (vnf.chains().stream().anyMatch(each -> each.chain().name().equals(name))) {
        if (!state.chain().continuation()) {
          write(writer, state.chain());
        }
      } else {
        delete(writer, name);
      }
      return state;
    } finally {
      changing.decrementAndGet();
    }
  }

  /** A chain was changed elsewhere, by a later hop: what is stored follows. */
  private void writeDown(String name) {
    var state = vnf.chains().stream().filter(each -> each.chain().name().equals(name) && !each.chain().continuation())
        .findFirst();
    var stored = wanted.get(name);
    if (changing.get() > 0 || state.isEmpty() || stored == null || same(stored, state.get().chain())) {
      return;
    }
    try {
      write(Writer.SYSTEM, state.get().chain());
    } catch (NetconfException refused) {
      LOG.warn("the change of chain {} is not stored yet: {}", name, refused.getMessage());
    }
  }

  private void write(Writer writer, Chain chain) throws NetconfException {
    datastores.editRunning(writer, before -> edited(before, chain.name(), chain));
  }

  private void delete(Writer writer, String name) throws NetconfException {
    datastores.editRunning(writer, before -> edited(before, name, null));
  }

  /** Running with a chain put in, replaced or taken out. */
  private ContainerNode edited(ContainerNode before, String name, Chain chain) {
    var draft = new Draft(root, before);
    var old = (DataContainerNode) YangNode.find(before, chainsNode);
    var chains = new TreeBuilder(chainsNode, old).without("chain", name);
    if (chain != null) {
      chains.entry("chain", entry -> {
        entry.leaf("name", name).leaf("precedence", chain.precedence());
        if (!chain.protocol().isEmpty()) {
          entry.leaf("protocol", "southbound-types:" + chain.protocol());
        }
        entry.container("scope", scope -> Shapes.scope(scope, chain.scope()));
        Shapes.hops(entry, chain.hops());
      });
    }
    draft.set(chainsNode, chains.build());
    return (ContainerNode) draft.build(root.id);
  }

  @Override
  public void close() {
    background.shutdownNow();
  }
}
