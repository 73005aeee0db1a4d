// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.util.function.Consumer;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Endpoint;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.StateRequest;
import org.southbound.flow.FlowSpace;
import org.southbound.nf.Specification;
import org.southbound.peer.PeerException;
import org.southbound.peer.v1.StateSchema;
import org.southbound.state.StateLayout;

/** What operations on state work with: one of each in an instance. */
record Engine(Dataplane dataplane, StateMover mover, Neighbours neighbours, Chains chains, PassingChains passing,
    Jobs jobs, Ownerships ownerships, Specification specification, Consumer<Event> events) {

  StateSchema schema(StateLayout layout) {
    return Messages.schema(layout, dataplane.workers().getFirst().tables().get(layout));
  }

  /** Where the destination of a request is: another NF, of the same type. */
  Endpoint destination(StateRequest request) throws ApiException {
    try {
      var resolved = neighbours.resolve(request.destination());
      var described = neighbours.client(resolved).description();
      if (described.getNf().equals(neighbours.self().nf())) {
        throw new PeerException(PeerException.UNKNOWN, "the destination is this NF itself");
      }
      if (!described.getNfType().equals(specification.type())) {
        throw new PeerException("southbound:type-mismatch",
            resolved.nf() + " is a " + described.getNfType() + ", not a " + specification.type());
      }
      return new Endpoint(described.getNf(), resolved.host(), resolved.dataPort(), resolved.peerPort(), resolved.mac());
    } catch (PeerException failure) {
      throw Messages.api(failure, "destination");
    }
  }

  void checkOwner(FlowSpace scope) throws ApiException {
    var other = ownerships.otherOwner(scope);
    if (other != null) {
      throw new ApiException("operation-failed", "southbound:not-owner", "scope",
          "a part of the scope belongs to " + other);
    }
  }
}
