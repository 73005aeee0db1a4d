// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.differential;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.random.RandomGenerator;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.model.api.TypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.BinaryTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.BitsTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.BooleanTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.DecimalTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.EmptyTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.EnumTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.IdentityrefTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.InstanceIdentifierTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.LeafrefTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.LengthRestrictedTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.RangeRestrictedTypeDefinition;
import org.opendaylight.yangtools.yang.model.api.type.UnionTypeDefinition;
import org.southbound.netconf.schema.YangNode;

/** Texts for leaves: mostly valid ones, with a taste for the edges of what the type allows. */
final class ValueGenerator {
  /** A leaf that refers to others gets its value when the document stands. */
  static final String POINTER = "\0pointer";
  static final String LEAFREF = "\0leafref";
  private static final List<String> WORDS = List.of("", "a", "b", "ab", "abc", "abcd", "abcdefgh", "A", "AB", "a1", "1",
      "12", "123", "x-1", "xml", "XMLa", "10.0.0.1", "10.0.0.256", "2001:db8::1", "::", "00:11:22:aa:BB:cc",
      "2026-02-28", "2026-02-28T10:00:00Z", "a b", " a", "b ", "\u00e9", "\u65e5\u672c", "\ud83d\ude00", "true", "0xff",
      "-1", "+1", "01", "1.5", "1.50", "low", "high", "a.b", "a\\b", "[a]", "^a$", "a-b_c", "\t", "a\nb", "one two",
      "*", "&<>", "'", "\"");
  private static final List<String> JUNK = List.of("", "?", " ", "junk", "99999999999999999999", "-99999999999", "1e3",
      "0x", "1.", ".5", "- 1", "tru", "d:none", ":", "a:b:c", "/", "/nowhere", "NaN", "1 2", "\u0661");
  private static final int TRIES = 40;

  private final Unit unit;
  private final RandomGenerator random;

  ValueGenerator(Unit unit, RandomGenerator random) {
    this.unit = unit;
    this.random = random;
  }

  /** Something for the leaf that its type allows, if it was found. */
  String valid(YangNode leaf) {
    String text = "";
    for (int i = 0; i < TRIES; i++) {
      text = of(leaf.type(), leaf);
      if (text.charAt(0) == '\0' || Judge.parses(leaf, unit, text.substring(1))) {
        break;
      }
    }
    return text.charAt(0) == '\0' ? text : text.substring(1);
  }

  /** Something that the type may or may not allow. */
  String any(YangNode leaf) {
    if (random.nextInt(4) == 0) {
      return pick(JUNK);
    }
    String text = of(leaf.type(), leaf);
    if (text.charAt(0) != '\0') {
      text = text.substring(1);
    }
    return switch (random.nextInt(12)) {
      case 0 -> ' ' + text;
      case 1 -> text + '\n';
      case 2 -> text + text;
      default -> text;
    };
  }

  <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  /** A text after one character: zero for those to be filled in later, a space for the rest. */
  private String of(TypeDefinition<?> type, YangNode leaf) {
    return switch (type) {
      case LeafrefTypeDefinition t -> LEAFREF;
      case InstanceIdentifierTypeDefinition t -> POINTER;
      case UnionTypeDefinition t -> of(pick(t.getTypes()), leaf);
      default -> ' ' + plain(type);
    };
  }

  private String plain(TypeDefinition<?> type) {
    return switch (type) {
      case BooleanTypeDefinition t -> pick(List.of("true", "false", "true", "false", "TRUE", "1", " true"));
      case EmptyTypeDefinition t -> pick(List.of("", "", "", " ", "x"));
      case EnumTypeDefinition t -> pick(t.getValues()).getName();
      case BitsTypeDefinition t -> bits(t);
      case IdentityrefTypeDefinition t -> identity();
      case BinaryTypeDefinition t -> binary();
      case DecimalTypeDefinition t -> number(t, t.getFractionDigits());
      case RangeRestrictedTypeDefinition<?, ?> t -> number(t, 0);
      case LengthRestrictedTypeDefinition<?> t -> string();
      default -> throw new IllegalStateException("no values for " + type);
    };
  }

  private String string() {
    return random.nextInt(5) == 0 ? pick(WORDS) + pick(WORDS) : pick(WORDS);
  }

  private String binary() {
    var octets = new byte[random.nextInt(9)];
    random.nextBytes(octets);
    String text = Base64.getEncoder().encodeToString(octets);
    if (random.nextInt(12) == 0) {
      return "AbC+".repeat(16 - random.nextInt(6) / 5) + '\n' + text;
    }
    return random.nextInt(8) == 0 && !text.isEmpty() ? text.substring(1) : text;
  }

  private String bits(BitsTypeDefinition type) {
    var chosen = new ArrayList<String>();
    type.getBits().forEach(each -> {
      if (random.nextBoolean()) {
        chosen.add(random.nextInt(chosen.size() + 1), each.getName());
      }
    });
    if (random.nextInt(10) == 0 && !chosen.isEmpty()) {
      chosen.add(chosen.getFirst());
    }
    return String.join(random.nextInt(10) == 0 ? "  " : " ", chosen);
  }

  private String identity() {
    var all = new ArrayList<String>();
    for (var module : unit.schema().context().getModules()) {
      if (unit.namespaces().contains(module.getNamespace().toString())) {
        for (var each : module.getIdentities()) {
          QName name = each.getQName();
          all.add(module.getPrefix() + ":" + name.getLocalName());
          if (module.getName().equals(unit.name())) {
            all.add(name.getLocalName());
          }
        }
      }
    }
    all.sort(null);
    return pick(all);
  }

  private String number(RangeRestrictedTypeDefinition<?, ?> type, int digits) {
    var edges = new ArrayList<BigDecimal>(List.of(BigDecimal.ZERO, BigDecimal.ONE, BigDecimal.TEN));
    var step = BigDecimal.ONE.movePointLeft(digits);
    type.getRangeConstraint().ifPresent(range -> range.getAllowedRanges().asRanges().forEach(each -> {
      var low = new BigDecimal(each.lowerEndpoint().toString());
      var high = new BigDecimal(each.upperEndpoint().toString());
      edges.addAll(List.of(low, high, low.subtract(step), high.add(step), low.add(high).divide(BigDecimal.TWO)
          .setScale(digits, java.math.RoundingMode.FLOOR)));
    }));
    BigDecimal chosen = random.nextInt(3) == 0 ? BigDecimal.valueOf(random.nextInt(12)) : pick(edges);
    String text = chosen.toPlainString();
    return switch (random.nextInt(16)) {
      case 0 -> "+" + text;
      case 1 -> chosen.signum() < 0 ? text : "0" + text;
      case 2 -> text + ".0";
      case 3 -> chosen.signum() > 0 && digits == 0 ? "0x" + chosen.toBigInteger().toString(16) : text;
      case 4 -> chosen.signum() == 0 ? "-0" : text;
      default -> text;
    };
  }
}
