// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What an instance needs to know before it has a configuration: the flags of {@code run}, over what the configuration
 * stored, over the defaults.
 *
 * @param name name of the instance
 * @param function type of network function
 * @param home folder of keys, configuration and logs
 * @param address address it listens on
 * @param netconfPort TCP port of NETCONF over SSH
 * @param tlsPort TCP port of NETCONF over TLS; empty: none
 * @param snmpPort UDP port of the SNMP agent
 * @param dataPort UDP port for tunnel packets
 * @param peerPort TCP port for other NFs
 * @param metricsPort TCP port of OpenMetrics
 * @param ingress packet ports to take from
 * @param egress packet port for what leaves the chain
 * @param fabric packet port on the Ethernet that next hops share
 * @param user who may manage it
 * @param authorizedKeys public keys of that user
 * @param trust folder of the shared certificate authority
 * @param yangPath folder with more YANG modules
 * @param durability {@code sync} or {@code batched}
 * @param untilEnd ends when every file was read
 * @param workers worker threads
 * @param maximumFlows most flows
 * @param evictIdle a full flow table evicts the idlest flow
 */
public record Settings(String name, String function, Path home, String address, int netconfPort,
    Optional<Integer> tlsPort, int snmpPort, int dataPort, int peerPort, int metricsPort, List<String> ingress,
    Optional<String> egress, Optional<String> fabric, String user, Optional<Path> authorizedKeys, Optional<Path> trust,
    Optional<Path> yangPath,
    String durability, boolean untilEnd, int workers, int maximumFlows, boolean evictIdle) {
}
