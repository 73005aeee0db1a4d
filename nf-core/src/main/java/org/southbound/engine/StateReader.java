// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.southbound.api.VnfApi.StateRecord;
import org.southbound.flow.Addresses;
import org.southbound.flow.FlowKey;
import org.southbound.flow.FlowSpace;
import org.southbound.flow.RecordTable;
import org.southbound.state.StateLayout;

/** Reads a scope's records field by field, for people who compare what two instances hold. */
final class StateReader {
  private StateReader() {
  }

  static List<StateRecord> read(Dataplane dataplane, List<StateLayout> layouts, FlowSpace scope, int limit) {
    var result = new ArrayList<StateRecord>();
    new StateMover(dataplane).<RuntimeException>export(layouts, scope, (worker, schema, count, records, length) -> {
      var layout = layouts.get(schema);
      var from = MemorySegment.ofArray(records);
      int size = length / count;
      for (int i = 0; i < count && result.size() < limit; i++) {
        result.add(new StateRecord(layout.schema(), layout.kind(), key(layout, from, (long) i * size),
            fields(layout, from, (long) i * size + RecordTable.HEADER)));
      }
    });
    return result;
  }

  private static String key(StateLayout layout, MemorySegment from, long at) {
    long k4 = from.get(StateLayout.U64, at + 32);
    int version = FlowKey.ipVersion(k4);
    var first = address(version, from, at);
    if (layout.kind() != StateLayout.Kind.PER_FLOW) {
      return FlowKey.portA(k4) == 0 ? first : FlowKey.protocol(k4) + " " + first + ' ' + FlowKey.portA(k4);
    }
    boolean swapped = (from.get(StateLayout.U32, at + RecordTable.FLAGS) & RecordTable.INITIATOR_IS_SECOND) != 0;
    var a = first + ' ' + FlowKey.portA(k4);
    var b = address(version, from, at + 16) + ' ' + FlowKey.portB(k4);
    return FlowKey.protocol(k4) + " " + (swapped ? b + ' ' + a : a + ' ' + b) + " " + FlowKey.vlan(k4);
  }

  private static String address(int version, MemorySegment from, long at) {
    return Addresses.text(version, from.get(StateLayout.U64, at), from.get(StateLayout.U64, at + 8));
  }

  private static Map<String, String> fields(StateLayout layout, MemorySegment from, long at) {
    var result = new LinkedHashMap<String, String>();
    long offset = 0;
    for (var field : layout.fields().memberLayouts()) {
      long where = at + offset;
      result.put(field.name().orElseThrow(), switch (field) {
        case ValueLayout.OfLong wide -> Long.toUnsignedString(from.get(wide, where));
        case ValueLayout.OfInt word -> Integer.toUnsignedString(from.get(word, where));
        case ValueLayout.OfShort half -> Integer.toString(from.get(half, where) & 0xFFFF);
        case ValueLayout.OfByte octet -> Integer.toString(from.get(octet, where) & 0xFF);
        default -> HexFormat.of().formatHex(from.asSlice(where, field.byteSize()).toArray(ValueLayout.JAVA_BYTE));
      });
      offset += field.byteSize();
    }
    return result;
  }
}
