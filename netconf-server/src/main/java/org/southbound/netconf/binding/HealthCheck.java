// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.binding;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.southbound.api.VnfApi;
import org.southbound.api.VnfApi.Event;
import org.southbound.netconf.datastore.TreeBuilder;

/** The RPC healthcheck: looks at each part of the instance as it is now. Thread-safe. */
final class HealthCheck {
  private final VnfApi vnf;
  private final ChainConfig chains;
  private final Map<String, Integer> ports;
  private final Path home;
  /** Tables, pools and queues that said they are full, and not yet that they no longer are. */
  private final Set<String> full = ConcurrentHashMap.newKeySet();

  HealthCheck(VnfApi vnf, ChainConfig chains, Map<String, Integer> ports, Path home) {
    this.vnf = vnf;
    this.chains = chains;
    this.ports = ports;
    this.home = home;
    vnf.listen(event -> {
      if (event instanceof Event.ResourceFull each) {
        String name = (each.resource() + " " + each.instance()).strip();
        if (each.cleared()) {
          full.remove(name);
        } else {
          full.add(name);
        }
      }
    });
  }

  /** What one part is found to be. */
  private record Check(String name, String info, List<String> faults) {
    String state() {
      return faults.isEmpty() ? "healthy" : "unhealthy";
    }
  }

  void answer(TreeBuilder out) {
    var checks = List.of(workers(), endpoints(), chains(), replication(), resources(), storage());
    boolean healthy = checks.stream().allMatch(each -> each.faults.isEmpty());
    out.leaf("state", healthy ? "healthy" : "unhealthy").leaf("scope", vnf.instance().name()).leaf("time",
        Shapes.time(Instant.now()));
    for (var each : checks) {
      out.entry("check", entry -> entry.leaf("name", each.name).leaf("state", each.state()).leaf("info", each.info)
          .leaves("fault", each.faults));
    }
  }

  private Check workers() {
    boolean answer = vnf.workersAnswer();
    return new Check("workers", vnf.instance().flows() + " flows",
        answer ? List.of() : List.of("a worker does not answer"));
  }

  private Check endpoints() {
    var faults = new ArrayList<String>();
    var info = new StringBuilder();
    var all = new java.util.TreeMap<>(ports);
    all.put("data", vnf.instance().dataPort());
    all.put("peer", vnf.instance().peerPort());
    all.forEach((name, port) -> {
      info.append(info.isEmpty() ? "" : ", ").append(name).append(' ').append(port);
      if (port <= 0) {
        faults.add(name + " has no port");
      }
    });
    return new Check("endpoints", info.toString(), faults);
  }

  private Check chains() {
    var faults = new ArrayList<String>();
    var states = vnf.chains();
    for (var each : states) {
      if (!each.operStatus().equals("up")) {
        faults.add((each.chain().name() + " is " + each.operStatus() + " " + each.lastError()).strip());
      }
    }
    for (var name : chains.configured()) {
      if (states.stream().noneMatch(each -> each.chain().name().equals(name))) {
        faults.add((name + " is down " + chains.error(name)).strip());
      }
    }
    return new Check("chains", states.size() + " established", faults);
  }

  private Check replication() {
    var all = vnf.relationships();
    var faults = all.stream().filter(each -> !each.status().equals("in-step"))
        .map(each -> each.id() + " is " + each.status()).toList();
    return new Check("replication", all.size() + " relationships", faults);
  }

  private Check resources() {
    var faults = full.stream().sorted().map(each -> each + " is full").toList();
    return new Check("resources", faults.size() + " full", faults);
  }

  /** A file is written and synced, as a commit does. */
  private Check storage() {
    try {
      Path trial = Files.createTempFile(home, "health", ".tmp");
      try (var file = FileChannel.open(trial, StandardOpenOption.WRITE)) {
        file.write(java.nio.ByteBuffer.wrap(new byte[1]));
        file.force(false);
      } finally {
        Files.delete(trial);
      }
      return new Check("storage", Files.getFileStore(home).getUsableSpace() / (1 << 20) + " MiB free", List.of());
    } catch (IOException e) {
      return new Check("storage", home + " cannot be written", List.of(e.toString()));
    }
  }
}
