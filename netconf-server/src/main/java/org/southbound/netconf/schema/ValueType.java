// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.schema;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import javax.xml.namespace.NamespaceContext;
import org.opendaylight.yangtools.yang.common.Decimal64;
import org.opendaylight.yangtools.yang.common.Empty;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.common.Uint16;
import org.opendaylight.yangtools.yang.common.Uint32;
import org.opendaylight.yangtools.yang.common.Uint64;
import org.opendaylight.yangtools.yang.common.Uint8;
import org.opendaylight.yangtools.yang.model.api.ConstraintMetaDefinition;
import org.opendaylight.yangtools.yang.model.api.TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.BinaryTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.BitsTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.BooleanTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.DecimalTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.EmptyTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.EnumTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.IdentityrefTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.InstanceIdentifierTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.Int16TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.Int32TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.Int64TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.Int8TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.LengthConstraint;
import org.opendaylight.yangtools.yang.model.api.type.LengthRestrictedTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.ModifierKind;
import org.opendaylight.yangtools.yang.model.api.type.PatternConstraint;
import org.opendaylight.yangtools.yang.model.api.type.RangeConstraint;
import org.opendaylight.yangtools.yang.model.api.type.RangeRestrictedTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.StringTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.Uint16TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.Uint32TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.Uint64TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.Uint8TypeDefinition;

/**
 * A type with its restrictions (RFC 7950 section 9), compiled to a function from the lexical form to a value: String, Integer
 * and the like, Uint8 and the like, Decimal64, Boolean, Empty, Set of bits, byte[], QName, YangInstanceIdentifier. Immutable.
 */
public final class ValueType {
  /** Turns the lexical form into a value; throws InvalidValueException. */
  private interface Parser {
    Object parse(NamespaceContext namespaces, String text);
  }

  private static final String RANGE = "The value is out of range.";

  private final TypeDefinition<?> definition;
  private final Parser parser;
  private final List<ValueType> members;
  private final XPathText leafref;
  private final boolean requireInstance;
  private final LeafrefPath.Steps steps;

  private ValueType(TypeDefinition<?> definition, Parser parser, List<ValueType> members, XPathText leafref,
      boolean requireInstance, LeafrefPath.Steps steps) {
    this.definition = definition;
    this.parser = parser;
    this.members = members;
    this.leafref = leafref;
    this.requireInstance = requireInstance;
    this.steps = steps;
  }

  /** A leafref: values are those of the leaf it refers to. */
  static ValueType leafref(XPathText path, boolean requireInstance, ValueType target, LeafrefPath.Steps steps) {
    return new ValueType(target.definition, target.parser, target.members, path, requireInstance, steps);
  }

  /** A union; the first member that takes a text gives its value (section 9.12). */
  static ValueType union(TypeDefinition<?> definition, List<ValueType> members) {
    return new ValueType(definition, (namespaces, text) -> first(members, namespaces, text), List.copyOf(members),
        null, false, null);
  }

  /** Any type but leafref and union. */
  static ValueType of(Schema schema, TypeDefinition<?> definition, boolean requireInstance) {
    return new ValueType(definition, parser(schema, definition), List.of(), null, requireInstance, null);
  }

  /** The value of a text, and with it that it is one; throws InvalidValueException. */
  public Object parse(NamespaceContext namespaces, String text) {
    return parser.parse(namespaces, text);
  }

  /** The type with leafrefs followed. */
  public TypeDefinition<?> definition() {
    return definition;
  }

  /** Member types of a union, else empty. */
  public List<ValueType> members() {
    return members;
  }

  /** A leafref's path, or null. */
  public XPathText leafref() {
    return leafref;
  }

  /** A leafref's path as steps, if it is simple, or null. */
  public LeafrefPath.Steps steps() {
    return steps;
  }

  /** What a leafref or instance-identifier refers to must exist. */
  public boolean requireInstance() {
    return requireInstance;
  }

  /** The type or a member of it is a reference to something that must exist. */
  public boolean refers() {
    return requireInstance || (leafref == null && members.stream().anyMatch(ValueType::refers));
  }

  private static Object first(List<ValueType> members, NamespaceContext namespaces, String text) {
    for (ValueType each : members) {
      try {
        return each.parser.parse(namespaces, text);
      } catch (InvalidValueException e) {
        // the next one may take it
      }
    }
    throw new InvalidValueException();
  }

  private static Parser parser(Schema schema, TypeDefinition<?> definition) {
    return switch (definition) {
      case StringTypeDefinition type -> string(type);
      case BinaryTypeDefinition type -> binary(type);
      case BooleanTypeDefinition type -> (namespaces, text) -> switch (text) {
        case "true" -> true;
        case "false" -> false;
        default -> throw new InvalidValueException();
      };
      case EmptyTypeDefinition type -> (namespaces, text) -> {
        if (!text.isEmpty()) {
          throw new InvalidValueException();
        }
        return Empty.value();
      };
      case EnumTypeDefinition type -> enumeration(type);
      case BitsTypeDefinition type -> bits(type);
      case IdentityrefTypeDefinition type -> (namespaces, text) -> identity(schema, type, namespaces, text);
      case InstanceIdentifierTypeDefinition type ->
        (namespaces, text) -> InstancePath.parse(schema, namespaces, text.strip());
      case DecimalTypeDefinition type -> decimal(type);
      case RangeRestrictedTypeDefinition<?, ?> type -> integer(type);
      default -> throw new IllegalStateException("a type that YANG 1.1 does not have: " + definition);
    };
  }

  private static InvalidValueException refusal(ConstraintMetaDefinition broken, String otherwise) {
    return new InvalidValueException(broken.getErrorMessage().orElse(otherwise), broken.getErrorAppTag().orElse(null));
  }

  private static Parser string(StringTypeDefinition type) {
    Function<Integer, InvalidValueException> length = length(type);
    record Test(Pattern pattern, boolean inverted, PatternConstraint source) {
    }
    var tests = new ArrayList<Test>();
    for (TypeDefinition<?> each = type; each instanceof StringTypeDefinition one; each = each.getBaseType()) {
      for (PatternConstraint pattern : one.getPatternConstraints()) {
        if (tests.stream().noneMatch(known -> known.source == pattern)) {
          tests.add(new Test(XsdPattern.compile(pattern.getRegularExpressionString()),
              pattern.getModifier().filter(ModifierKind.INVERT_MATCH::equals).isPresent(), pattern));
        }
      }
    }
    return (namespaces, text) -> {
      if (length != null) {
        check(length.apply(text.codePointCount(0, text.length())));
      }
      for (Test test : tests) {
        if (test.pattern.matcher(text).matches() == test.inverted) {
          throw refusal(test.source, null);
        }
      }
      return text;
    };
  }

  private static void check(InvalidValueException refusal) {
    if (refusal != null) {
      throw refusal;
    }
  }

  /** What is wrong with a length, or null; null itself if any length will do. */
  private static Function<Integer, InvalidValueException> length(LengthRestrictedTypeDefinition<?> type) {
    Optional<LengthConstraint> given = type.getLengthConstraint();
    if (given.isEmpty()) {
      return null;
    }
    LengthConstraint constraint = given.get();
    return length -> constraint.getAllowedRanges().contains(length) ? null
        : refusal(constraint, "The length is out of range.");
  }

  private static final Pattern PEM_LINE = Pattern.compile("\\G(.{64})\\n");

  private static Parser binary(BinaryTypeDefinition type) {
    Function<Integer, InvalidValueException> length = length(type);
    return (namespaces, text) -> {
      byte[] octets;
      try {
        // RFC 4648 section 3.3 refuses any other character; the lines of PEM, which people paste, do no harm.
        String packed = text.indexOf('\n') < 0 ? text : PEM_LINE.matcher(text).replaceAll("$1");
        if (packed.length() % 4 != 0) { // Java would do without padding
          throw new InvalidValueException();
        }
        octets = Base64.getDecoder().decode(packed);
      } catch (InvalidValueException e) {
        throw e;
      } catch (IllegalArgumentException e) {
        throw new InvalidValueException();
      }
      if (length != null) {
        check(length.apply(octets.length));
      }
      return octets;
    };
  }

  private static Parser enumeration(EnumTypeDefinition type) {
    var names = new HashMap<String, String>();
    type.getValues().forEach(each -> names.put(each.getName(), each.getName()));
    return (namespaces, text) -> {
      String name = names.get(text);
      if (name == null) {
        throw new InvalidValueException();
      }
      return name;
    };
  }

  /** Kept in the order of the positions, which is the canonical one (section 9.7.2). */
  private static Parser bits(BitsTypeDefinition type) {
    List<String> names = new ArrayList<>();
    type.getBits().stream().sorted((a, b) -> a.getPosition().compareTo(b.getPosition()))
        .forEach(each -> names.add(each.getName()));
    return (namespaces, text) -> {
      Set<String> given = new HashSet<>();
      for (String each : text.strip().split("\\s+", -1)) {
        if (!each.isEmpty() && (!names.contains(each) || !given.add(each))) {
          throw new InvalidValueException();
        }
      }
      var ordered = new LinkedHashSet<>(names);
      ordered.retainAll(given);
      return Collections.unmodifiableSet(ordered);
    };
  }

  private static QName identity(Schema schema, IdentityrefTypeDefinition type, NamespaceContext namespaces,
      String text) {
    int colon = text.indexOf(':');
    String namespace = namespaces.getNamespaceURI(colon < 0 ? "" : text.substring(0, colon));
    QName identity = namespace == null ? null : schema.identity(namespace, text.substring(colon + 1));
    if (identity == null || !schema.derived(identity, type)) {
      throw new InvalidValueException();
    }
    return identity;
  }

  private static Parser decimal(DecimalTypeDefinition type) {
    int digits = type.getFractionDigits();
    RangeConstraint<Decimal64> range = type.getRangeConstraint().orElse(null);
    return (namespaces, written) -> {
      String text = written.strip();
      if (!isNumber(text, true)) {
        throw new InvalidValueException();
      }
      BigInteger unscaled;
      try {
        unscaled = new BigDecimal(text).setScale(digits).unscaledValue();
      } catch (ArithmeticException e) {
        throw new InvalidValueException("There are more than " + digits + " fraction digits.", null);
      }
      if (unscaled.bitLength() >= Long.SIZE) {
        throw new InvalidValueException(RANGE, null);
      }
      Decimal64 value = Decimal64.of(digits, unscaled.longValue());
      if (range != null && !range.getAllowedRanges().contains(value)) {
        throw refusal(range, RANGE);
      }
      return value;
    };
  }

  /** Optional sign, digits, and for a decimal perhaps a point between digits (sections 9.2.1 and 9.3.1). */
  private static boolean isNumber(String text, boolean decimal) {
    int n = text.length();
    int i = n > 0 && (text.charAt(0) == '-' || text.charAt(0) == '+') ? 1 : 0;
    boolean point = !decimal;
    boolean digit = false;
    for (; i < n; i++) {
      char c = text.charAt(i);
      if (c >= '0' && c <= '9') {
        digit = true;
      } else if (c == '.' && !point && digit) {
        point = true;
        digit = false;
      } else {
        return false;
      }
    }
    return digit;
  }

  private static Parser integer(RangeRestrictedTypeDefinition<?, ?> type) {
    Function<String, Object> read = switch (type) {
      case Int8TypeDefinition t -> Byte::valueOf;
      case Int16TypeDefinition t -> Short::valueOf;
      case Int32TypeDefinition t -> Integer::valueOf;
      case Int64TypeDefinition t -> Long::valueOf;
      case Uint8TypeDefinition t -> Uint8::valueOf;
      case Uint16TypeDefinition t -> Uint16::valueOf;
      case Uint32TypeDefinition t -> Uint32::valueOf;
      case Uint64TypeDefinition t -> Uint64::valueOf;
      default -> throw new IllegalStateException("a type that YANG 1.1 does not have: " + type);
    };
    RangeConstraint<?> range = type.getRangeConstraint().orElse(null);
    return (namespaces, written) -> {
      String text = written.strip();
      if (!isNumber(text, false)) {
        throw new InvalidValueException();
      }
      Object value;
      try {
        value = read.apply(text.equals("-0") ? "0" : text);
      } catch (IllegalArgumentException e) {
        throw new InvalidValueException(RANGE, null);
      }
      if (range != null && !contains(range, value)) {
        throw refusal(range, RANGE);
      }
      return value;
    };
  }

  @SuppressWarnings("unchecked") // a range is of its type's values
  private static <T extends Number & Comparable<T>> boolean contains(RangeConstraint<?> range, Object value) {
    return ((RangeConstraint<T>) range).getAllowedRanges().contains((T) value);
  }

  /** A default as the model has it: there, integers may be octal or hexadecimal (section 9.2.1). */
  Object parseDefault(NamespaceContext namespaces, String text) {
    if (definition instanceof RangeRestrictedTypeDefinition<?, ?> && !(definition instanceof DecimalTypeDefinition)) {
      String digits = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
      int radix = digits.startsWith("0x") || digits.startsWith("0X") ? 16 : digits.startsWith("0") ? 8 : 10;
      if (radix != 10 && digits.length() > 1) {
        var value = new BigInteger(digits.substring(radix == 16 ? 2 : 1), radix);
        return parse(namespaces, (text.startsWith("-") ? value.negate() : value).toString());
      }
    }
    return parse(namespaces, text);
  }

  /** Prefixes to namespaces, for those who hold a table. */
  public record Prefixes(Map<String, String> table, String own) implements NamespaceContext {
    @Override
    public String getNamespaceURI(String prefix) {
      return prefix.isEmpty() ? own : table.getOrDefault(prefix, "");
    }

    @Override
    public String getPrefix(String namespace) {
      return null;
    }

    @Override
    public java.util.Iterator<String> getPrefixes(String namespace) {
      return Collections.emptyIterator();
    }
  }
}
