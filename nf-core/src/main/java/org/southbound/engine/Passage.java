// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.util.List;
import java.util.Optional;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.classifier.Path;

/**
 * A path that leads through here, for an NF that is to stand in for this one.
 *
 * @param next the next hop; empty: this NF is the last
 * @param upstreams the NFs before this one
 * @param precedence of the chain, where it begins here; else -1
 */
record Passage(Path path, Optional<Endpoint> next, List<Endpoint> upstreams, long precedence) {
}
