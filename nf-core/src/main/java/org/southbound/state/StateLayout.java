// SPDX-License-Identifier: Apache-2.0
package org.southbound.state;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.southbound.flow.KeyScope;

/**
 * What an NF keeps of one flow, one set of flows or all of them: a fixed record of named fields that lives off heap,
 * moves between instances as bytes, and describes itself, so that another software version maps it by field names.
 *
 * @param schema name of the records, unique within the NF type
 * @param version rises with every change of the fields
 * @param kind which flows one record belongs to (OpenNF, SIGCOMM 2014, section 4)
 * @param merge what becomes of an imported record where one exists
 * @param description meaning, in words
 * @param keys which records belong to a scope, by their keys
 * @param fields the fields, each with a name; little endian, without padding
 */
public record StateLayout(String schema, int version, Kind kind, Merge merge, String description, KeyScope keys,
    StructLayout fields) {
  /** Types of fields; give each a name by {@code withName}. No alignment, no padding. */
  public static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
  public static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED
      .withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);
  public static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED
      .withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);
  public static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED
      .withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);

  /** Kinds of state. */
  public enum Kind {
    PER_FLOW, MULTI_FLOW, ALL_FLOWS;

    /** Name in YANG. */
    public String text() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
  }

  /** What becomes of an imported record where one exists. */
  public enum Merge {
    /** The last writer by epoch and version wins. */
    REPLACE,
    /** All fields are numbers, and are added. */
    SUM,
    /** All fields are numbers; the greatest wins. */
    MAXIMUM,
    /** All fields are sets, one bit an element, and are united. */
    UNION
  }

  /**
   * A layout of {@code fields}, whose keys are flows, hosts or nothing in particular, as the kind says. Throws
   * IllegalArgumentException for a field without a name.
   */
  public static StateLayout of(String schema, int version, Kind kind, Merge merge, String description,
      MemoryLayout... fields) {
    for (var field : fields) {
      if (field.name().isEmpty()) {
        throw new IllegalArgumentException("a field of " + schema + " has no name");
      }
    }
    var keys = switch (kind) {
      case PER_FLOW -> KeyScope.FLOW;
      case MULTI_FLOW -> KeyScope.HOST;
      case ALL_FLOWS -> KeyScope.ALL;
    };
    return new StateLayout(schema, version, kind, merge, description, keys, MemoryLayout.structLayout(fields));
  }

  /** The same layout with keys of another meaning. */
  public StateLayout keyed(KeyScope others) {
    return new StateLayout(schema, version, kind, merge, description, others, fields);
  }

  /** Octets of a record. */
  public int size() {
    return (int) fields.byteSize();
  }

  /** Offset of a field within the record, for the accessors of Record and Flow. */
  public long offset(String field) {
    return fields.byteOffset(PathElement.groupElement(field));
  }

  /** Names of the fields, in order. */
  public List<String> names() {
    return fields.memberLayouts().stream().map(field -> field.name().orElseThrow()).toList();
  }
}
