// SPDX-License-Identifier: Apache-2.0
package org.southbound.snmp;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.snmp4j.agent.DefaultMOScope;
import org.snmp4j.agent.MOQuery;
import org.snmp4j.agent.MOScope;
import org.snmp4j.agent.mo.GenericManagedObject;
import org.snmp4j.agent.request.SubRequest;
import org.snmp4j.mp.SnmpConstants;
import org.snmp4j.smi.Counter64;
import org.snmp4j.smi.Gauge32;
import org.snmp4j.smi.Integer32;
import org.snmp4j.smi.Null;
import org.snmp4j.smi.OID;
import org.snmp4j.smi.OctetString;
import org.snmp4j.smi.Variable;
import org.southbound.metrics.Metric;
import org.southbound.metrics.Metrics;

/**
 * sbMetricTable over the registry. Nothing is copied: which cells exist follows from the definitions, and the values are
 * read once for each request, so that they fit together.
 */
final class MetricsTable implements GenericManagedObject {
  private static final long GAUGE_MOST = 0xffff_ffffL;
  private static final int LONGEST_TEXT = 255;

  /** The columns as in SOUTHBOUND-MIB, by rising number, with what is in them; null: no such cell. */
  private enum Column {
    NAME(2) {
      @Override
      Variable cell(Metric metric, long value) {
        return text(metric.name());
      }
    },
    COUNTER(3) {
      @Override
      Variable cell(Metric metric, long value) {
        return new Counter64(value);
      }
    },
    GAUGE(4) {
      @Override
      Variable cell(Metric metric, long value) {
        return new Gauge32(Math.clamp(value, 0, GAUGE_MOST));
      }
    },
    DECIMAL(5) {
      @Override
      Variable cell(Metric metric, long value) {
        return text(Long.toString(value));
      }
    },
    UNITS(6) {
      @Override
      Variable cell(Metric metric, long value) {
        return text(metric.units());
      }
    },
    DESCRIPTION(7) {
      @Override
      Variable cell(Metric metric, long value) {
        return text(metric.description());
      }
    },
    KIND(8) {
      @Override
      Variable cell(Metric metric, long value) {
        return new Integer32(metric.kind() == Metric.Kind.COUNTER ? 1 : 2);
      }
    },
    INDICATOR(9) {
      @Override
      Variable cell(Metric metric, long value) {
        return new Integer32(switch (metric.indicator()) {
          case NONE -> 1;
          case HIGH -> 2;
          case LOW -> 3;
        });
      }
    };

    private static final List<Column> ALL = List.of(values());

    private final int number;

    Column(int number) {
      this.number = number;
    }

    abstract Variable cell(Metric metric, long value);

    boolean applies(Metric metric) {
      return switch (this) {
        case COUNTER -> metric.kind() == Metric.Kind.COUNTER;
        case GAUGE -> metric.kind() == Metric.Kind.GAUGE;
        default -> true;
      };
    }

    /** A DisplayString: ASCII, at most 255 octets. */
    static OctetString text(String text) {
      var ascii = text.length() > LONGEST_TEXT ? text.substring(0, LONGEST_TEXT) : text;
      return new OctetString(ascii.getBytes(StandardCharsets.US_ASCII));
    }
  }

  private final Metrics metrics;
  private final OID entry;
  private final MOScope scope;

  /** The table, at {@code table}. */
  MetricsTable(Metrics metrics, OID table) {
    this.metrics = metrics;
    entry = new OID(table).append(1);
    scope = new DefaultMOScope(table, true, new OID(table).nextPeer(), false);
  }

  /** The instance of sbMetricDecimal of a metric. */
  OID decimal(Metric metric) {
    return oid(Column.DECIMAL, metric);
  }

  @Override
  public MOScope getScope() { return scope; }

  @Override
  public OID find(MOScope range) {
    return first(range, oid -> true);
  }

  @Override
  public OID find(MOQuery query, Function<OID, Boolean> filter) {
    return first(query.getScope(), filter);
  }

  @Override
  public void get(SubRequest<?> request) {
    var binding = request.getVariableBinding();
    binding.setVariable(value(binding.getOid(), request));
    request.completed();
  }

  @Override
  @SuppressWarnings("deprecation")
  public boolean next(SubRequest<?> request) {
    return next(request, oid -> true);
  }

  @Override
  public boolean next(SubRequest<?> request, Function<OID, Boolean> filter) {
    var found = first(request.getScope(), filter);
    if (found == null) {
      return false;
    }
    request.getVariableBinding().setOid(found);
    request.getVariableBinding().setVariable(value(found, request));
    request.completed();
    return true;
  }

  @Override
  public void prepare(SubRequest<?> request) {
    request.setErrorStatus(SnmpConstants.SNMP_ERROR_NOT_WRITEABLE);
  }

  @Override
  public void commit(SubRequest<?> request) {
    request.setErrorStatus(SnmpConstants.SNMP_ERROR_COMMIT_FAILED);
  }

  @Override
  public void undo(SubRequest<?> request) {
    request.completed();
  }

  @Override
  public void cleanup(SubRequest<?> request) {
    request.completed();
  }

  private OID oid(Column column, Metric metric) {
    return new OID(entry).append(column.number).append(metric.index());
  }

  private Variable value(OID oid, SubRequest<?> request) {
    if (oid.size() > entry.size() && oid.startsWith(entry)) {
      for (var column : Column.ALL) {
        if (column.number == oid.get(entry.size())) {
          return oid.size() == entry.size() + 2
              ? cell(column, oid.getUnsigned(entry.size() + 1), request)
              : Null.noSuchInstance;
        }
      }
    }
    return Null.noSuchObject;
  }

  private Variable cell(Column column, long index, SubRequest<?> request) {
    var definitions = metrics.definitions();
    int row = rowFrom(definitions, index);
    if (row == definitions.size() || definitions.get(row).index() != index
        || !column.applies(definitions.get(row))) {
      return Null.noSuchInstance;
    }
    var metric = definitions.get(row);
    Long value = readings(request).get(metric.name());
    return value == null ? Null.noSuchInstance : column.cell(metric, value);
  }

  /** The values as they were when this request first asked. */
  @SuppressWarnings("unchecked")
  private Map<String, Long> readings(SubRequest<?> request) {
    var values = (Map<String, Long>) request.getRequest().getProcessingUserObject(this);
    if (values == null) {
      values = metrics.values();
      request.getRequest().setProcessingUserObject(this, values);
    }
    return values;
  }

  /** The first cell that exists, lies in the range and passes the filter; null: none. */
  private OID first(MOScope range, Function<OID, Boolean> filter) {
    var definitions = metrics.definitions();
    var from = range.getLowerBound();
    long columnFrom = 0;
    long indexFrom = 0;
    if (from.startsWith(entry)) {
      columnFrom = from.size() > entry.size() ? from.getUnsigned(entry.size()) : 0;
      indexFrom = from.size() > entry.size() + 1 ? from.getUnsigned(entry.size() + 1) : 0;
      // A longer name, or the cell itself if it is excluded, comes after that cell.
      if (from.size() > entry.size() + 2 || (from.size() == entry.size() + 2 && !range.isLowerIncluded())) {
        indexFrom++;
      }
    } else if (from.compareTo(entry) > 0) {
      return null;
    }
    for (var column : Column.ALL) {
      if (column.number < columnFrom) {
        continue;
      }
      int row = column.number == columnFrom ? rowFrom(definitions, indexFrom) : 0;
      for (; row < definitions.size(); row++) {
        if (column.applies(definitions.get(row))) {
          var oid = oid(column, definitions.get(row));
          if (isBeyond(oid, range)) {
            return null;
          }
          if (filter.apply(oid)) {
            return oid;
          }
        }
      }
    }
    return null;
  }

  private static boolean isBeyond(OID oid, MOScope range) {
    var to = range.getUpperBound();
    return to != null && (range.isUpperIncluded() ? oid.compareTo(to) > 0 : oid.compareTo(to) >= 0);
  }

  /** The first row whose index is not below {@code index}; their number if there is none. */
  private static int rowFrom(List<Metric> definitions, long index) {
    int low = 0;
    int high = definitions.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (definitions.get(middle).index() < index) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
