// SPDX-License-Identifier: Apache-2.0
package org.southbound.nf;

import java.io.StringWriter;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Locale;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.southbound.metrics.Metric;
import org.southbound.nf.Specification.AlarmKind;
import org.southbound.nf.Specification.Context;
import org.southbound.nf.Specification.Value;
import org.southbound.state.StateLayout;

/**
 * The vendor's specification document (the paper's Table 1) for machines and for people: JSON as RFC 7951 would have it for
 * southbound-spec, XML in the same names and in {@code specification.xsd}, HTML, and Markdown.
 *
 * @param specification what the NF declares
 * @param common metrics that every NF has
 * @param operations variants of transfer and replicate, with their numbers
 * @param protocols chaining protocols that its classifier speaks
 */
public record SpecificationDocument(Specification specification, List<Metric> common, List<Operation> operations,
    List<String> protocols) {
  /** Namespace of the XML. */
  public static final String NAMESPACE = "urn:southbound:yang:southbound-spec";

  /** Wider columns of Markdown are not padded. */
  private static final int WIDEST = 40;

  private static final String STYLE = """
      :root{color-scheme:light dark;--ink:#1b1f24;--quiet:#57606a;--line:#d0d7de;--head:#f3f5f7;--paper:#fff}
      @media(prefers-color-scheme:dark){
      :root{--ink:#e6e8eb;--quiet:#9aa4af;--line:#3a424c;--head:#232a32;--paper:#14181d}}
      body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em;color:var(--ink);
      background:var(--paper)}
      h1{margin-bottom:.2em}h2{margin:2em 0 .4em;font-size:1.2em}p{max-width:50em}p.quiet{color:var(--quiet)}
      table{border-collapse:collapse;width:100%;font-size:14px}
      th,td{border-bottom:1px solid var(--line);padding:.35em .7em;text-align:left;vertical-align:top;
      overflow-wrap:break-word}
      th{background:var(--head);white-space:nowrap}
      """;

  /**
   * The variants of an operation.
   *
   * @param name transfer or replicate
   * @param performance what the performance number stands for
   * @param accuracy what the accuracy number stands for
   * @param resource what the resource number stands for
   */
  public record Operation(String name, String performance, String accuracy, String resource, List<Variant> variants) {
    /** What the three numbers of every NF stand for: those that the variants benchmark measures. */
    public static Operation of(String name, List<Variant> variants) {
      return new Operation(name, "Flows moved or mirrored in a millisecond, measured by the variants benchmark.",
          "Of 100 packets in transit, how many keep their effect on the state and their order.",
          "Octets sent to the other instance for a flow.", variants);
    }
  }

  /**
   * A variant; the three numbers are comparable only within this NF and operation.
   *
   * @param description what it does, keeps and may lose
   * @param performance higher is faster
   * @param accuracy higher is more exact
   * @param resource higher consumes more
   */
  public record Variant(String name, String description, int performance, int accuracy, int resource) {
  }

  private List<Metric> metrics() {
    return java.util.stream.Stream.concat(common.stream(), specification.metrics().stream())
        .sorted(java.util.Comparator.comparingInt(Metric::index)).toList();
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String role(Context context) {
    return context.produces() ? context.consumes() ? "produces consumes" : "produces" : "consumes";
  }

  private static String granularity(Context context) {
    return context.perPacket() ? "packet" : "flow";
  }

  private static String type(StateLayout state, String field) {
    var layout = state.fields().select(java.lang.foreign.MemoryLayout.PathElement.groupElement(field));
    return layout instanceof ValueLayout ? "u" + 8 * layout.byteSize() : "octets[" + layout.byteSize() + "]";
  }

  // ---- for machines

  /** JSON, one document. */
  public String json() {
    var out = new JsonText();
    out.open("{").key("southbound-spec:specification").open("{");
    out.field("vendor", specification.vendor()).field("product", specification.product())
        .field("software-version", specification.softwareVersion()).field("nf-type", specification.type())
        .field("document", specification.description());
    out.key("chaining-protocol").open("[");
    protocols.forEach(out::value);
    out.close("]").key("context").open("[");
    for (var context : specification.contexts()) {
      out.open("{").field("type", context.type()).field("description", context.description())
          .field("role", role(context)).field("granularity", granularity(context)).key("value").open("[");
      for (var value : context.values()) {
        out.open("{").field("value", value.value()).field("description", value.description()).close("}");
      }
      out.close("]").close("}");
    }
    out.close("]").key("metric").open("[");
    for (var metric : metrics()) {
      out.open("{").field("name", metric.name()).field("index", metric.index()).field("kind", lower(metric.kind()))
          .field("units", metric.units()).field("description", metric.description())
          .field("bottleneck-indicator", lower(metric.indicator())).close("}");
    }
    out.close("]").key("operation").open("[");
    for (var operation : operations) {
      out.open("{").field("operation", "southbound-types:" + operation.name())
          .field("performance-meaning", operation.performance()).field("accuracy-meaning", operation.accuracy())
          .field("resource-meaning", operation.resource()).key("variant").open("[");
      for (var variant : operation.variants()) {
        out.open("{").field("name", variant.name()).field("description", variant.description())
            .field("performance", variant.performance()).field("accuracy", variant.accuracy())
            .field("resource", variant.resource()).close("}");
      }
      out.close("]").close("}");
    }
    out.close("]").key("alarm").open("[");
    for (var alarm : specification.alarms()) {
      out.open("{").field("kind", alarm.kind()).field("severity", alarm.severity())
          .field("description", alarm.description()).close("}");
    }
    out.close("]").key("state").open("[");
    for (var state : specification.states()) {
      out.open("{").field("schema", state.schema()).field("version", state.version())
          .field("kind", state.kind().text()).field("description", state.description())
          .field("merge", lower(state.merge())).field("record-size", state.size()).key("field").open("[");
      for (var name : state.names()) {
        out.open("{").field("name", name).field("type", type(state, name)).close("}");
      }
      out.close("]").close("}");
    }
    return out.close("]").close("}").close("}").text();
  }

  /** XML, valid by {@code specification.xsd}. */
  public String xml() {
    var text = new StringWriter();
    try {
      var out = XMLOutputFactory.newFactory().createXMLStreamWriter(text);
      out.writeStartDocument("UTF-8", "1.0");
      out.setDefaultNamespace(NAMESPACE);
      out.writeStartElement(NAMESPACE, "specification");
      out.writeDefaultNamespace(NAMESPACE);
      leaves(out, "vendor", specification.vendor(), "product", specification.product(), "software-version",
          specification.softwareVersion(), "nf-type", specification.type(), "document", specification.description());
      for (var protocol : protocols) {
        leaves(out, "chaining-protocol", protocol);
      }
      for (var context : specification.contexts()) {
        xml(out, context);
      }
      for (var metric : metrics()) {
        out.writeStartElement(NAMESPACE, "metric");
        leaves(out, "name", metric.name(), "index", "" + metric.index(), "kind", lower(metric.kind()), "units",
            metric.units(), "description", metric.description(), "bottleneck-indicator", lower(metric.indicator()));
        out.writeEndElement();
      }
      for (var operation : operations) {
        xml(out, operation);
      }
      for (var alarm : specification.alarms()) {
        out.writeStartElement(NAMESPACE, "alarm");
        leaves(out, "kind", alarm.kind(), "severity", alarm.severity(), "description", alarm.description());
        out.writeEndElement();
      }
      for (var state : specification.states()) {
        xml(out, state);
      }
      out.writeEndElement();
      out.writeEndDocument();
    } catch (XMLStreamException impossible) {
      throw new IllegalStateException("writing to memory failed", impossible);
    }
    return text.append('\n').toString();
  }

  private static void xml(XMLStreamWriter out, Context context) throws XMLStreamException {
    out.writeStartElement(NAMESPACE, "context");
    leaves(out, "type", context.type(), "description", context.description(), "role", role(context), "granularity",
        granularity(context));
    for (var value : context.values()) {
      out.writeStartElement(NAMESPACE, "value");
      leaves(out, "value", value.value(), "description", value.description());
      out.writeEndElement();
    }
    out.writeEndElement();
  }

  private static void xml(XMLStreamWriter out, Operation operation) throws XMLStreamException {
    out.writeStartElement(NAMESPACE, "operation");
    leaves(out, "operation", operation.name(), "performance-meaning", operation.performance(), "accuracy-meaning",
        operation.accuracy(), "resource-meaning", operation.resource());
    for (var variant : operation.variants()) {
      out.writeStartElement(NAMESPACE, "variant");
      leaves(out, "name", variant.name(), "description", variant.description(), "performance",
          "" + variant.performance(), "accuracy", "" + variant.accuracy(), "resource", "" + variant.resource());
      out.writeEndElement();
    }
    out.writeEndElement();
  }

  private static void xml(XMLStreamWriter out, StateLayout state) throws XMLStreamException {
    out.writeStartElement(NAMESPACE, "state");
    leaves(out, "schema", state.schema(), "version", "" + state.version(), "kind", state.kind().text(), "description",
        state.description(), "merge", lower(state.merge()), "record-size", "" + state.size());
    for (var name : state.names()) {
      out.writeStartElement(NAMESPACE, "field");
      leaves(out, "name", name, "type", type(state, name));
      out.writeEndElement();
    }
    out.writeEndElement();
  }

  private static void leaves(XMLStreamWriter out, String... namesAndValues) throws XMLStreamException {
    for (int i = 0; i < namesAndValues.length; i += 2) {
      out.writeStartElement(NAMESPACE, namesAndValues[i]);
      out.writeCharacters(namesAndValues[i + 1]);
      out.writeEndElement();
    }
  }

  // ---- for people

  /**
   * A table of the document, the same in HTML and Markdown.
   *
   * @param note a sentence below the title; empty: none
   * @param rows the first holds the columns' titles
   */
  private record Table(String title, String note, List<List<String>> rows) {
  }

  private List<Table> tables() {
    var tables = new java.util.ArrayList<Table>();
    tables.add(table("Labels", "Contexts that it produces for, or consumes from, other NFs of a chain.",
        List.of("context", "role", "granularity", "meaning", "values"), specification.contexts().stream()
            .map(each -> List.of(each.type(), role(each), granularity(each), each.description(), values(each)))
            .toList()));
    tables.add(table("Metrics", "", List.of("index", "name", "kind", "unit", "bottleneck if", "meaning"),
        metrics().stream().map(each -> List.of("" + each.index(), each.name(), lower(each.kind()), each.units(),
            each.indicator() == Metric.Indicator.NONE ? "" : lower(each.indicator()), each.description())).toList()));
    for (var operation : operations) {
      tables.add(table("Variants of " + operation.name(),
          "Performance: " + operation.performance() + " Accuracy: " + operation.accuracy() + " Resource: "
              + operation.resource(),
          List.of("variant", "performance", "accuracy", "resource", "what it does"),
          operation.variants().stream().map(each -> List.of(each.name(), "" + each.performance(), "" + each.accuracy(),
              "" + each.resource(), each.description())).toList()));
    }
    tables.add(table("State", "", List.of("schema", "version", "kind", "merge", "octets", "meaning", "fields"),
        specification.states().stream().map(each -> List.of(each.schema(), "" + each.version(), each.kind().text(),
            lower(each.merge()), "" + each.size(), each.description(), fields(each))).toList()));
    tables.add(table("Alarms", "", List.of("kind", "severity", "raised and cleared"), specification.alarms().stream()
        .map((AlarmKind each) -> List.of(each.kind(), each.severity(), each.description())).toList()));
    tables.add(table("Chaining protocols", "", List.of("protocol"), protocols.stream().map(List::of).toList()));
    return tables;
  }

  private static Table table(String title, String note, List<String> columns, List<List<String>> rows) {
    var all = new java.util.ArrayList<List<String>>();
    all.add(columns);
    all.addAll(rows);
    return new Table(title, note, all);
  }

  private static String values(Context context) {
    return String.join("; ", context.values().stream()
        .map((Value each) -> each.value() + ": " + each.description().replaceAll("\\.$", "")).toList());
  }

  private static String fields(StateLayout state) {
    return String.join(", ", state.names().stream().map(name -> name + " " + type(state, name)).toList());
  }

  /** Markdown. */
  public String markdown() {
    var text = new StringBuilder("# " + specification.product() + " " + specification.softwareVersion() + "\n\n"
        + specification.description() + "\n\nVendor: " + specification.vendor() + ". NF type: " + specification.type()
        + ".\n");
    for (var table : tables()) {
      text.append("\n## ").append(table.title).append("\n\n");
      if (!table.note.isEmpty()) {
        text.append(table.note).append("\n\n");
      }
      if (table.rows.size() == 1) {
        text.append("None.\n");
        continue;
      }
      var cells = table.rows.stream()
          .map(row -> row.stream().map(cell -> cell.replace("|", "\\|").replace('\n', ' ')).toList()).toList();
      int columns = cells.getFirst().size();
      var format = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        int column = i;
        int width = cells.stream().mapToInt(row -> row.get(column).length()).max().orElse(1);
        format.append("| %").append(width > WIDEST ? "" : "-" + width).append("s ");
      }
      for (var row : cells) {
        text.append(String.format(format.toString(), row.toArray())).append("|\n");
        if (row == cells.getFirst()) {
          text.append("|---".repeat(columns)).append("|\n");
        }
      }
    }
    return text.toString();
  }

  /** HTML, one page without anything from elsewhere. */
  public String html() {
    var text = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>"
        + escape(specification.product())
        + "</title>\n<meta name=\"viewport\" content=\"width=device-width\"><style>\n" + STYLE
        + "</style></head><body>\n<h1>" + escape(specification.product() + " " + specification.softwareVersion())
        + "</h1>\n<p>" + escape(specification.description()) + "</p>\n<p class=\"quiet\">Vendor: "
        + escape(specification.vendor()) + ". NF type: "
        + escape(specification.type()) + ".</p>\n");
    for (var table : tables()) {
      text.append("<h2>").append(escape(table.title)).append("</h2>\n");
      if (!table.note.isEmpty()) {
        text.append("<p class=\"quiet\">").append(escape(table.note)).append("</p>\n");
      }
      if (table.rows.size() == 1) {
        text.append("<p>None.</p>\n");
        continue;
      }
      text.append("<table>\n");
      for (var row : table.rows) {
        var cell = row.equals(table.rows.getFirst()) ? "th" : "td";
        text.append("<tr>");
        row.forEach(each -> text.append('<').append(cell).append('>').append(escape(each)).append("</").append(cell)
            .append('>'));
        text.append("</tr>\n");
      }
      text.append("</table>\n");
    }
    return text.append("</body></html>\n").toString();
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
  }

  /** JSON text with two blanks of indentation. */
  private static final class JsonText {
    private final StringBuilder text = new StringBuilder();
    private int depth;
    private boolean first = true;
    private boolean afterKey;

    private void next() {
      if (!afterKey) {
        text.append(first ? "" : ",").append(depth == 0 ? "" : "\n" + "  ".repeat(depth));
      }
      afterKey = false;
      first = false;
    }

    JsonText open(String bracket) {
      next();
      text.append(bracket);
      depth++;
      first = true;
      return this;
    }

    JsonText close(String bracket) {
      depth--;
      text.append(first ? "" : "\n" + "  ".repeat(depth)).append(bracket);
      first = false;
      return this;
    }

    JsonText key(String name) {
      next();
      quoted(name);
      text.append(": ");
      afterKey = true;
      return this;
    }

    JsonText field(String name, String value) {
      return key(name).value(value);
    }

    JsonText field(String name, int value) {
      key(name).next();
      text.append(value);
      return this;
    }

    JsonText value(String value) {
      next();
      quoted(value);
      return this;
    }

    private void quoted(String value) {
      text.append('"');
      for (int i = 0; i < value.length(); i++) {
        char c = value.charAt(i);
        if (c == '"' || c == '\\') {
          text.append('\\').append(c);
        } else if (c == '\n') {
          text.append("\\n");
        } else if (c < ' ') {
          text.append(String.format("\\u%04x", (int) c));
        } else {
          text.append(c);
        }
      }
      text.append('"');
    }

    String text() {
      return text.append('\n').toString();
    }
  }
}
