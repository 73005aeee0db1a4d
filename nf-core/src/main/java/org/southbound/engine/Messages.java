// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi;
import org.southbound.flow.FlowSpace;
import org.southbound.flow.RecordTable;
import org.southbound.peer.PeerException;
import org.southbound.peer.v1.Endpoint;
import org.southbound.peer.v1.FlowSpace.PortRange;
import org.southbound.peer.v1.Parts;
import org.southbound.peer.v1.StateKind;
import org.southbound.peer.v1.StateSchema;
import org.southbound.state.StateLayout;

/** Between the peer protocol's messages and what the engine works with. */
final class Messages {
  private Messages() {
  }

  static org.southbound.peer.v1.FlowSpace scope(FlowSpace scope) {
    var out = org.southbound.peer.v1.FlowSpace.newBuilder();
    out.setDirectionValue(switch (scope.direction()) {
      case BOTH -> 0;
      case FORWARD -> 1;
      case REVERSE -> 2;
    });
    out.setFamilyValue(scope.ipVersion());
    if (scope.protocol() != FlowSpace.ANY) {
      out.setProtocol(scope.protocol());
    }
    if (scope.source().length() > 0) {
      out.setSource(prefix(scope.source()));
    }
    if (scope.destination().length() > 0) {
      out.setDestination(prefix(scope.destination()));
    }
    if (!scope.sourcePorts().isAny()) {
      out.setSourcePort(ports(scope.sourcePorts()));
    }
    if (!scope.destinationPorts().isAny()) {
      out.setDestinationPort(ports(scope.destinationPorts()));
    }
    if (scope.vlan() != FlowSpace.ANY) {
      out.setVlanId(scope.vlan());
    }
    if (scope.dscp() != FlowSpace.ANY) {
      out.setDscp(scope.dscp());
    }
    if (scope.label() != 0) {
      out.setLabel(scope.label());
    }
    if (scope.flowLabel() != FlowSpace.ANY) {
      out.setFlowLabel(scope.flowLabel());
    }
    return out.build();
  }

  private static org.southbound.peer.v1.FlowSpace.Prefix prefix(FlowSpace.Prefix prefix) {
    var bytes = ByteBuffer.allocate(prefix.ipVersion() == 4 ? 4 : 16);
    if (prefix.ipVersion() == 4) {
      bytes.putInt((int) prefix.low());
    } else {
      bytes.putLong(prefix.high()).putLong(prefix.low());
    }
    return org.southbound.peer.v1.FlowSpace.Prefix.newBuilder().setAddress(ByteString.copyFrom(bytes.flip()))
        .setLength(prefix.length()).build();
  }

  private static PortRange ports(FlowSpace.Ports ports) {
    return PortRange.newBuilder().setLower(ports.lower()).setUpper(ports.upper()).build();
  }

  /** Throws PeerException for a scope that contradicts itself. */
  static FlowSpace scope(org.southbound.peer.v1.FlowSpace in) throws PeerException {
    try {
      return new FlowSpace(switch (in.getDirectionValue()) {
        case 1 -> FlowSpace.Direction.FORWARD;
        case 2 -> FlowSpace.Direction.REVERSE;
        default -> FlowSpace.Direction.BOTH;
      }, in.hasProtocol() ? in.getProtocol() : FlowSpace.ANY, in.getFamilyValue(),
          in.hasSource() ? prefix(in.getSource()) : FlowSpace.Prefix.ANY,
          in.hasDestination() ? prefix(in.getDestination()) : FlowSpace.Prefix.ANY,
          in.hasSourcePort() ? ports(in.getSourcePort()) : FlowSpace.Ports.ANY,
          in.hasDestinationPort() ? ports(in.getDestinationPort()) : FlowSpace.Ports.ANY,
          in.hasVlanId() ? in.getVlanId() : FlowSpace.ANY, in.hasDscp() ? in.getDscp() : FlowSpace.ANY,
          in.hasLabel() ? in.getLabel() : 0, in.hasFlowLabel() ? in.getFlowLabel() : FlowSpace.ANY);
    } catch (IllegalArgumentException wrong) {
      throw new PeerException("southbound:option-not-applicable", wrong.getMessage());
    }
  }

  private static FlowSpace.Prefix prefix(org.southbound.peer.v1.FlowSpace.Prefix in) {
    var bytes = in.getAddress().asReadOnlyByteBuffer();
    return switch (bytes.remaining()) {
      case 4 -> new FlowSpace.Prefix(4, 0, Integer.toUnsignedLong(bytes.getInt()), in.getLength());
      case 16 -> new FlowSpace.Prefix(6, bytes.getLong(), bytes.getLong(), in.getLength());
      default -> throw new IllegalArgumentException("an address has 4 or 16 octets");
    };
  }

  private static FlowSpace.Ports ports(PortRange in) {
    return new FlowSpace.Ports(in.getLower(), in.getUpper());
  }

  static Endpoint endpoint(VnfApi.Endpoint in) {
    return Endpoint.newBuilder().setNf(in.nf()).setHost(in.host()).setDataPort(in.dataPort())
        .setPeerPort(in.peerPort()).setMac(in.mac()).build();
  }

  static VnfApi.Endpoint endpoint(Endpoint in) {
    return new VnfApi.Endpoint(in.getNf(), in.getHost(), in.getDataPort(), in.getPeerPort(), in.getMac());
  }

  static Parts parts(EnumSet<StateLayout.Kind> kinds) {
    return Parts.newBuilder().setPerFlow(kinds.contains(StateLayout.Kind.PER_FLOW))
        .setMultiFlow(kinds.contains(StateLayout.Kind.MULTI_FLOW))
        .setAllFlows(kinds.contains(StateLayout.Kind.ALL_FLOWS)).build();
  }

  static StateSchema schema(StateLayout layout, RecordTable table) {
    var out = StateSchema.newBuilder().setName(layout.schema()).setVersion(layout.version())
        .setKind(switch (layout.kind()) {
          case PER_FLOW -> StateKind.PER_FLOW;
          case MULTI_FLOW -> StateKind.MULTI_FLOW;
          case ALL_FLOWS -> StateKind.ALL_FLOWS;
        }).setMergeValue(layout.merge().ordinal()).setRecordSize(table.recordBytes());
    for (var field : layout.fields().memberLayouts()) {
      String type = field instanceof ValueLayout ? "u" + 8 * field.byteSize() : "bytes";
      out.addFields(StateSchema.Field.newBuilder().setName(field.name().orElseThrow()).setType(type)
          .setOffset((int) layout.offset(field.name().orElseThrow())).setSize((int) field.byteSize()));
    }
    return out.build();
  }

  /** Bytes that are not copied; they must not change any more. */
  static ByteString bytes(byte[] bytes, int length) {
    return UnsafeByteOperations.unsafeWrap(bytes, 0, length);
  }

  /** A peer's refusal as the answer to a call. */
  static ApiException api(PeerException failure, String path) {
    String tag = switch (failure.appTag()) {
      case "southbound:unknown-peer", "southbound:type-mismatch", "southbound:schema-mismatch",
          "southbound:unknown-variant", "southbound:option-not-applicable", "southbound:chain-loop" ->
        "invalid-value";
      case "southbound:scope-in-use" -> "in-use";
      case "southbound:resource", "southbound:no-path-identifier" -> "resource-denied";
      case "southbound:unknown-scope", "southbound:unknown-chain" -> "data-missing";
      case "southbound:no-mark" -> "operation-not-supported";
      default -> "operation-failed";
    };
    var info = new java.util.LinkedHashMap<String, String>();
    if (!failure.nf().isEmpty()) {
      info.put("nf", failure.nf());
    }
    if (failure.position() > 0) {
      info.put("position", Integer.toString(failure.position()));
    }
    info.put("reason", failure.appTag());
    return new ApiException(tag, failure.appTag(), path, failure.getMessage(), info);
  }
}
